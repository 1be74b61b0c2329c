import { AllSourceError, isJsonObject, systemTenant } from '../../domain/index.js';
import type { NewEvent } from '../../domain/index.js';
import type { RecordEntry, SystemAccess } from '../../eventStore/index.js';
import { lastGeneration, recordTypes } from '../record.js';
import type { ProjectionHandle, ProjectionInfo } from '../types.js';
import { checkedRecord } from './checkedRecord.js';
import { conflict } from './successor.js';

interface BrokenOptions {
  readonly log: Pick<SystemAccess, 'watermark'>;
  readonly entry: RecordEntry;
  /** Why this version of the store can't go on with it. */
  readonly reason: string;
  /** Tries again to go on with it, and gives what it is then; rejects where it can't. */
  readonly mend: () => Promise<ProjectionHandle>;
}

/** A projection that is in the log, and that the store can't go on with. It is kept as it was recorded. */
export class BrokenProjection implements ProjectionHandle {
  readonly name: string;
  readonly tenantId: string;
  readonly entry: RecordEntry;
  readonly #log: Pick<SystemAccess, 'watermark'>;
  readonly #reason: string;
  readonly #mend: () => Promise<ProjectionHandle>;

  constructor({ log, entry, reason, mend }: BrokenOptions) {
    const [tenantId = '', name = ''] = keyOfEntry(entry).split('/');
    this.tenantId = tenantId;
    this.name = name;
    this.entry = entry;
    this.#log = log;
    this.#reason = reason;
    this.#mend = mend;
  }

  async info(): Promise<ProjectionInfo> {
    return this.describe();
  }

  describe(): ProjectionInfo {
    const { record } = this.entry;
    const { kind, current } = isJsonObject(record) ? record : {};
    const version = current !== undefined && isJsonObject(current) ? current['version'] : 0;
    return {
      name: this.name,
      tenantId: this.tenantId,
      version: typeof version === 'number' ? version : 0,
      kind: kind === 'code' ? 'code' : 'declarative',
      status: 'failed',
      position: 0,
      lag: this.#log.watermark,
      ...{ eventsProcessed: 0, eventsFailed: 0, eventsParked: 0 },
      failure: { position: 0, reason: this.#reason },
      rebuild: null,
    };
  }

  async resume(): Promise<void> {
    const mended = await this.#mend();
    await mended.resume();
  }

  get(): Promise<never> {
    return this.#refuse();
  }
  list(): Promise<never> {
    return this.#refuse();
  }
  waitFor(): Promise<never> {
    return this.#refuse();
  }
  parked(): Promise<never> {
    return this.#refuse();
  }
  pause(): Promise<never> {
    return this.#refuse();
  }
  rebuild(): Promise<never> {
    return this.#refuse();
  }
  beginRebuild(): Promise<never> {
    return this.#refuse();
  }
  async stop(): Promise<void> {
    // It does not run.
  }

  /** What one of its name that is started is told. */
  conflict(): AllSourceError {
    return conflict(this.#text);
  }

  async #refuse(): Promise<never> {
    throw new AllSourceError('projection_stopped', this.#text);
  }

  get #text(): string {
    return `projection ${this.name} can't go on: ${this.#reason}; resume it to try again, or delete it`;
  }
}

/** `<tenant>/<name>`. */
export function keyOfEntry({ entityId }: Pick<RecordEntry, 'entityId'>): string {
  return entityId.slice('projection/'.length);
}

/** The record as it is, once more, or that it was deleted. */
export function entryEvent(
  kind: keyof typeof recordTypes,
  { entityId, record: payload }: RecordEntry,
): NewEvent {
  return { tenantId: systemTenant, entityId, eventType: recordTypes[kind], payload };
}

/** How many sets of states there were at most: each has taken a position of the log before. */
export function generationsOf({ record, position }: RecordEntry): number {
  try {
    return lastGeneration(checkedRecord(record));
  } catch {
    return position;
  }
}

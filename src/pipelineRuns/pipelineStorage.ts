import { createHash } from 'node:crypto';
import { systemTenant } from '../domain/index.js';
import type { JsonValue } from '../domain/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import type { Emission, StateChange, StateEntry } from '../pipelines/index.js';
import { OutputTexts } from './outputs/outputTexts.js';
import type { PipelineSpace } from './pipelineSpace.js';

const stateType = 'pipeline.state';
const removedType = 'pipeline.removed';
const cursorType = 'pipeline.cursor';
const pageKeys = 1000;

export interface Checkpoint {
  readonly emissions: readonly Emission[];
  readonly changes: readonly StateChange[];
  /** All events up to here were processed. */
  readonly position: number;
}

interface KeptEntry {
  readonly key: string;
  readonly value: JsonValue;
}

/**
 * Keeps a pipeline in the log of the store: what comes out, what changed of the state, and the position are
 * one append, which is atomic.
 */
export class PipelineStorage {
  readonly #log: SystemAccess;
  readonly #outputs: OutputTexts;
  readonly #stateTenant: string;
  readonly #cursor: string;

  constructor(log: SystemAccess, space: PipelineSpace) {
    const { tenantId, id, generation } = space;
    this.#log = log;
    this.#outputs = new OutputTexts(space);
    this.#stateTenant = `$pipelines/${tenantId}/${id}/${generation}`;
    this.#cursor = `pipeline/${tenantId}/${id}/${generation}/cursor`;
  }

  async position(): Promise<number | undefined> {
    const cursor = await this.#log.last(this.#cursor);
    // Only `commit` writes these events.
    return (cursor?.payload as { readonly position: number } | undefined)?.position;
  }

  async state(): Promise<StateEntry[]> {
    const tenantId = this.#stateTenant;
    const entries: StateEntry[] = [];
    for (let firstPosition = 1; firstPosition !== 0;) {
      const page = { prefix: '', firstPosition, limit: pageKeys };
      const { items, nextPosition } = this.#log.namesOf(tenantId, page);
      for (const { entityId } of items) {
        const event = await this.#log.newest({ tenantId, entityId });
        if (event?.eventType !== stateType) continue;
        const { key, value } = event.payload as unknown as KeptEntry;
        entries.push([key, value]);
      }
      firstPosition = nextPosition;
    }
    return entries;
  }

  /** Gives where in the log it was written: what lies before it is not younger. */
  async commit({ emissions, changes, position }: Checkpoint): Promise<number> {
    const cursor = { tenantId: systemTenant, entityId: this.#cursor, eventType: cursorType };
    const { lastPosition } = await this.#log.appendTexts([
      ...emissions.map((emission) => this.#outputs.textOf(emission)),
      ...changes.map((change) => stateText(this.#stateTenant, change)),
      JSON.stringify({ ...cursor, payload: { position } }),
    ]);
    return lastPosition;
  }

  /** Records again what it has, before the log that it is in is dropped. */
  async rewrite(): Promise<void> {
    const position = await this.position();
    if (position === undefined) return;
    const changes = (await this.state()).map(([key, value]) => ({ key, value }));
    await this.commit({ emissions: [], changes, position });
  }
}

/** Keys of a state may be longer than the ids of entities. */
function stateText(tenantId: string, { key, value }: StateChange): string {
  const entityId = createHash('sha256').update(key).digest('hex');
  return value === undefined
    ? JSON.stringify({ tenantId, entityId, eventType: removedType, payload: null })
    : JSON.stringify({ tenantId, entityId, eventType: stateType, payload: { key, value } });
}

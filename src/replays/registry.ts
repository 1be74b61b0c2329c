import { randomUUID } from 'node:crypto';
import { AllSourceError, abortedError, fieldError } from '../domain/index.js';
import { RecordedState, readRecords, tenantOf } from '../eventStore/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import { mustBeWhole, selectedEvents } from '../projections/index.js';
import type { ManagedProjection, Projection, ProjectionRegistry } from '../projections/index.js';
import { checkedRequest } from './checkedRequest.js';
import type { CheckedRequest } from './checkedRequest.js';
import { eventOf, hasEnded, recordTypes } from './record.js';
import type { ReplayRecord } from './record.js';
import { RunningReplay, nowMicros } from './runningReplay.js';
import type {
  EmbeddedReplays,
  OfTenant,
  ReplayCounts,
  ReplayInfo,
  ReplayRequest,
  ReplayStatus,
} from './types.js';

/** Replays of a tenant that have ended and are remembered. */
const endedMax = 100;

/** The replays of a store. */
export class ReplayRegistry implements EmbeddedReplays {
  readonly #log: SystemAccess;
  readonly #projections: ProjectionRegistry;
  readonly #isWritable: boolean;
  /** In the order in which they were started. */
  readonly #byKey = new Map<string, RunningReplay>();
  readonly #state: RecordedState;
  #counts = { started: 0, completed: 0, failed: 0, eventsProcessed: 0 };

  constructor(
    log: SystemAccess,
    { projections, isWritable }: { projections: ProjectionRegistry; isWritable: boolean },
  ) {
    this.#log = log;
    this.#state = new RecordedState(log, () => this.#read());
    this.#projections = projections;
    this.#isWritable = isWritable;
  }

  /** Those that have not ended go on; called once when the store was opened. */
  begin(): void {
    this.#state.loaded().catch(() => undefined);
  }

  start(request: ReplayRequest = {}): Promise<ReplayInfo> {
    return this.#state.inTurn(async () => {
      const checked = checkedRequest(request);
      const targets = await this.#targetsOf(checked);
      const record = await this.#recordOf(checked, targets);
      await this.#log.append([eventOf('recorded', record)]);
      const replay = this.#add(record);
      this.#counts.started += 1;
      replay.start();
      await this.#forgetOld(record.tenantId);
      return replay.info;
    });
  }

  async list(options: OfTenant = {}): Promise<readonly ReplayInfo[]> {
    await this.#state.load();
    const tenantId = tenantOf(options.tenantId);
    return this.#ofTenant(tenantId)
      .map(({ info }) => info)
      .reverse();
  }

  async get(id: string, options: OfTenant = {}): Promise<ReplayInfo> {
    return (await this.#replay(id, options)).info;
  }

  async ended(
    id: string,
    options: OfTenant & { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<ReplayInfo> {
    const replay = await this.#replay(id, options);
    // Where the store takes no appends, it does not go on.
    if (!hasEnded(replay.record)) this.#log.mustTakeAppends();
    await replay.ended(options.signal);
    if (!hasEnded(replay.record)) throw abortedError();
    return replay.info;
  }

  async cancel(id: string, options: OfTenant = {}): Promise<ReplayInfo> {
    const replay = await this.#replay(id, options);
    this.#log.mustTakeAppends();
    await replay.cancel();
    return replay.info;
  }

  delete(id: string, options: OfTenant = {}): Promise<void> {
    return this.#state.inTurn(async () => {
      const { record } = await this.#replay(id, options);
      if (!hasEnded(record)) {
        throw new AllSourceError('replay_running', `replay ${id} still runs; cancel it first`);
      }
      await this.#forget(record);
    });
  }

  counts(): ReplayCounts {
    this.#log.mustBeOpen();
    return this.#counts;
  }

  /** Those that run go on when the store is opened again. */
  async close(): Promise<void> {
    await this.#state.settled();
    await Promise.all([...this.#byKey.values()].map((replay) => replay.close()));
  }

  /** Records again what is known, before the log that it is in is dropped. */
  rewrite(): Promise<void> {
    return this.#state.inTurn(async () => {
      for (const replay of this.#byKey.values()) await replay.rewrite();
    });
  }

  /** First position that one that has not begun all its builds will read; projections tell of the others. */
  neededFrom(): number {
    const isWaiting = [...this.#byKey.values()].some((replay) => replay.hasBuildsToBegin);
    return isWaiting ? this.#log.logBegin : Infinity;
  }

  async #targetsOf(checked: CheckedRequest): Promise<readonly ManagedProjection[]> {
    const { tenantId, projectionName: name, selection } = checked;
    const all = await this.#projections.managed(tenantId);
    const targets =
      name === undefined
        ? all.filter(({ projection }) => handles(projection, selection.eventType))
        : [await this.#named(name, all, checked)];
    for (const managed of targets) {
      if (managed.isBuilding) {
        const message = `projection ${managed.name}: its states are being built anew already`;
        throw new AllSourceError('replay_running', message);
      }
      if (selection.since === undefined) mustBeWhole(managed.name, this.#log);
    }
    return targets;
  }

  async #named(
    name: string,
    all: readonly ManagedProjection[],
    { tenantId, selection: { eventType }, mustBePartitioned }: CheckedRequest,
  ): Promise<ManagedProjection> {
    const managed = all.find((one) => one.name === name);
    if (managed === undefined) {
      // A built-in one is there, and one that can't go on; any other is not found.
      const other = await this.#projections.get(name, { tenantId });
      const { kind, failure } = await other.info();
      if (kind !== 'built_in') {
        const reason = `projection ${name} can't go on: ${failure?.reason ?? 'it failed'}`;
        throw new AllSourceError('projection_stopped', reason);
      }
      const message = `${name} is answered from the log itself: there is nothing to replay`;
      throw new AllSourceError('unprocessable', message);
    }
    if (managed.projection === undefined) {
      const message = `projection ${name}: its code was not started in this process`;
      throw new AllSourceError('projection_stopped', message);
    }
    if (!handles(managed.projection, eventType)) {
      throw fieldError(
        'validation_error',
        'event_type',
        `projection ${name} takes no events of this type`,
      );
    }
    if (!mustBePartitioned || managed.projection.partitions !== undefined) return managed;
    const reason =
      `projection ${name} does not say where threads find it: define it with ` +
      '`partitions: { module: import.meta.url, export }`, or leave this out';
    throw fieldError('validation_error', 'config.partitions', reason);
  }

  async #recordOf(
    checked: CheckedRequest,
    targets: readonly ManagedProjection[],
  ): Promise<ReplayRecord> {
    const { tenantId, mode, batchEvents, atOnce, partitions, progressEvents } = checked;
    const goal = this.#log.watermark;
    const selection = { ...checked.selection, goal };
    let totalEvents = 0;
    for (const { projection } of targets) {
      if (projection === undefined) continue;
      const events = selectedEvents(projection, tenantId, selection);
      totalEvents += await this.#log.countIn(events, { first: this.#log.logBegin, last: goal });
    }
    const now = nowMicros();
    return {
      ...{ id: randomUUID(), tenantId, mode, selection },
      ...{ batchEvents, atOnce, partitions, progressEvents },
      projections: targets.map(({ name }) => name),
      built: [],
      status: 'pending',
      ...{ startedAt: now, updatedAt: now, completedAt: null },
      ...{ totalEvents, processedEvents: 0, failedEvents: 0, eventsPerSecond: 0 },
      errorMessage: null,
    };
  }

  async #replay(id: string, options: OfTenant): Promise<RunningReplay> {
    await this.#state.load();
    const replay = this.#byKey.get(keyOf({ id, tenantId: tenantOf(options.tenantId) }));
    if (replay !== undefined) return replay;
    const message = `there is no replay ${JSON.stringify(id)}`;
    throw new AllSourceError('replay_not_found', message);
  }

  #ofTenant(tenantId: string): RunningReplay[] {
    return [...this.#byKey.values()].filter(({ record }) => record.tenantId === tenantId);
  }

  async #forgetOld(tenantId: string): Promise<void> {
    const ended = this.#ofTenant(tenantId).filter(({ record }) => hasEnded(record));
    const old = ended.slice(0, Math.max(ended.length - endedMax, 0));
    for (const { record } of old) await this.#forget(record);
  }

  async #forget(record: ReplayRecord): Promise<void> {
    await this.#log.append([eventOf('deleted', record)]);
    this.#byKey.delete(keyOf(record));
  }

  #add(record: ReplayRecord): RunningReplay {
    const counts = this.#counts;
    const replay = new RunningReplay(
      {
        log: this.#log,
        projections: this.#projections,
        onProgress: (events) => {
          counts.eventsProcessed += events;
        },
        onEnd: (status: ReplayStatus) => {
          if (status === 'completed' || status === 'failed') counts[status] += 1;
        },
      },
      record,
    );
    this.#byKey.set(keyOf(record), replay);
    return replay;
  }

  async #read(): Promise<void> {
    const { kept } = await readRecords<ReplayRecord>(this.#log, recordTypes);
    const inOrder = kept.toSorted((a, b) => a.startedAt - b.startedAt);
    for (const record of inOrder) {
      const replay = this.#add(record);
      if (this.#isWritable) replay.start();
    }
  }
}

function keyOf({ tenantId, id }: Pick<ReplayRecord, 'tenantId' | 'id'>): string {
  return `${tenantId}/${id}`;
}

function handles(projection: Projection | undefined, eventType: string | undefined): boolean {
  if (projection === undefined) return false;
  return eventType === undefined || projection.handles(eventType);
}

import { AllSourceError, abortedError } from '../domain/index.js';
import { checkedLimit } from '../eventStore/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import { compareRuns } from './compareRuns.js';
import { eventOf, lastGeneration } from './record.js';
import type { GenerationRecord, ProjectionRecord } from './record.js';
import { ProjectionRun } from './run/projectionRun.js';
import type { ProjectionStorage, StateSpace } from './storage/types.js';
import type {
  ParkedEvent,
  ProjectedState,
  Projection,
  ProjectionFailure,
  ProjectionHandle,
  ProjectionInfo,
  ProjectionStatus,
  RebuildInfo,
  RebuildReport,
  StateListOptions,
  StatePage,
} from './types.js';

export interface ManagedOptions {
  readonly log: SystemAccess;
  readonly storage: ProjectionStorage;
  /** How states come from events; undefined where its code was not started in this process. */
  readonly projection: Projection | undefined;
}

interface RebuildOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A projection with the states that are read, and those that may be built beside them. */
export class ManagedProjection implements ProjectionHandle {
  readonly #options: ManagedOptions;
  #record: ProjectionRecord;
  #current: ProjectionRun;
  #building: ProjectionRun | undefined;
  #goal = 0;
  #isStopped = false;
  #rebuilding: Promise<RebuildReport> | undefined;
  /** The states are recorded again: nothing runs meanwhile. */
  #rewriting: Promise<void> | undefined;
  /** Why the last rebuild did not come to its end; it is tried again when it is resumed. */
  #buildFailure: ProjectionFailure | null = null;

  private constructor(options: ManagedOptions, record: ProjectionRecord, current: ProjectionRun) {
    this.#options = options;
    this.#record = record;
    this.#current = current;
  }

  static async open(options: ManagedOptions, record: ProjectionRecord): Promise<ManagedProjection> {
    const current = await openRun(options, record, record.current);
    return new ManagedProjection(options, record, current);
  }

  get name(): string {
    return this.#record.name;
  }
  get record(): ProjectionRecord {
    return this.#record;
  }

  /** Goes on where it was, with a rebuild that was not finished too. */
  start(): void {
    const { projection } = this.#options;
    if (projection === undefined || this.#record.isPaused) return;
    const { current, building } = this.#record;
    if (current.version === projection.version) this.#current.start();
    if (building !== null && this.#rebuilding === undefined) {
      void this.#startBuild(building, undefined);
    }
  }

  async info(): Promise<ProjectionInfo> {
    return this.describe();
  }

  describe(): ProjectionInfo {
    const { tenantId, name, kind, current } = this.#record;
    const { position, failure, counts } = this.#current;
    const building = this.#building;
    return {
      name,
      tenantId,
      version: current.version,
      kind,
      status: this.#status(),
      position,
      lag: Math.max(this.#options.log.watermark - position, 0),
      eventsProcessed: counts.processed,
      eventsFailed: counts.failed,
      eventsParked: counts.parked,
      failure: failure ?? building?.failure ?? this.#buildFailure,
      rebuild: this.#rebuildInfo(),
    };
  }

  #rebuildInfo(): RebuildInfo | null {
    const { building: record } = this.#record;
    if (this.#rebuilding === undefined || record === null) return null;
    return {
      version: record.version,
      position: this.#building?.position ?? 0,
      goal: this.#goal,
    };
  }

  #status(): ProjectionStatus {
    if (this.#record.isPaused) return 'paused';
    if (this.#rebuildInfo() !== null) return 'rebuilding';
    if (this.#buildFailure !== null) return 'failed';
    if (this.#current.isRunning) return 'running';
    return this.#current.failure !== null && !this.#isStopped ? 'failed' : 'stopped';
  }

  get(key: string): Promise<ProjectedState<unknown> | undefined> {
    return this.#current.get(key);
  }

  async list(options: StateListOptions = {}): Promise<StatePage<unknown>> {
    const { prefix = '', cursor = null, limit = 100 } = options;
    checkedLimit(limit, 1, 10_000, 'limit');
    const run = this.#current;
    await run.flush();
    const { position } = run;
    const page = await this.#options.storage.list(run.space, { prefix, from: cursor, limit });
    return { states: page.states, position, nextCursor: page.next };
  }

  async waitFor(
    position: number,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    for (;;) {
      const run = this.#current;
      const rebuilding = this.#rebuilding;
      try {
        return await run.waitFor(position, signal);
      } catch (error) {
        // Another set of states is taking its place, or it goes on in a moment: that is waited for.
        const change = rebuilding ?? this.#rewriting;
        if (signal?.aborted === true || change === undefined) throw error;
        await aborting(change, signal);
        if (this.#current === run && !run.isRunning) throw error;
      }
    }
  }

  parked(): Promise<readonly ParkedEvent[]> {
    return this.#options.storage.parked(this.#current.space);
  }

  async pause(): Promise<void> {
    if (this.#record.isPaused) return;
    await this.#change({ isPaused: true });
    await Promise.all([this.#current.stop(), this.#building?.stop()]);
  }

  async resume(): Promise<void> {
    if (this.#record.isPaused) await this.#change({ isPaused: false });
    this.#isStopped = false;
    this.start();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([this.#current.stop(), this.#building?.stop()]);
    await this.#rebuilding?.catch(() => undefined);
  }

  async rebuild(options: RebuildOptions = {}): Promise<RebuildReport> {
    const { done } = await this.beginRebuild(options);
    return done;
  }

  /** Resolves once it is recorded: it goes on by itself then, after a restart too. */
  async beginRebuild({ signal }: RebuildOptions = {}): Promise<{
    readonly done: Promise<RebuildReport>;
  }> {
    if (this.#rebuilding !== undefined) return { done: this.#rebuilding };
    const { projection } = this.#options;
    if (projection === undefined) {
      const message = `projection ${this.name}: its code was not started in this process`;
      throw new AllSourceError('projection_stopped', message);
    }
    const generation = lastGeneration(this.#record) + 1;
    const building = { generation, version: projection.version };
    await this.#change({ building });
    return { done: this.#startBuild(building, signal) };
  }

  #startBuild(building: GenerationRecord, signal: AbortSignal | undefined): Promise<RebuildReport> {
    this.#rebuilding = this.#build(building, signal).finally(() => {
      this.#rebuilding = undefined;
    });
    // Whoever does not wait for it is told by `info`.
    this.#rebuilding.catch(() => undefined);
    return this.#rebuilding;
  }

  async #build(
    generation: GenerationRecord,
    signal: AbortSignal | undefined,
  ): Promise<RebuildReport> {
    this.#buildFailure = null;
    const building = await openRun(this.#options, this.#record, generation);
    this.#building = building;
    this.#goal = this.#options.log.watermark;
    try {
      building.start();
      await building.waitFor(Math.max(this.#goal, this.#current.position), signal);
      return await this.#swap(building, generation);
    } catch (error) {
      await building.stop();
      this.#buildFailure = building.failure;
      if (signal?.aborted === true) await this.#change({ building: null });
      throw error;
    } finally {
      this.#building = undefined;
    }
  }

  /** Brings both to one position, compares them, and puts the new states in the place of the old. */
  async #swap(building: ProjectionRun, generation: GenerationRecord): Promise<RebuildReport> {
    const before = this.#current;
    await Promise.all([before.stop(), building.stop()]);
    const { current } = this.#record;
    const isSameVersion = current.version === generation.version;
    if (isSameVersion) await before.runTo(building.position);
    await building.runTo(before.position);
    const isComparable = isSameVersion && before.position === building.position;
    const report = isComparable
      ? await compareRuns(this.#options.storage, before.space, building.space)
      : { keys: 0, different: [] };
    await this.#change({ current: generation, building: null });
    this.#current = building;
    await this.#options.storage.drop(before.space);
    this.start();
    return report;
  }

  async #change(change: Partial<ProjectionRecord>): Promise<void> {
    const record = { ...this.#record, ...change };
    await this.#options.log.append([eventOf('recorded', record)]);
    this.#record = record;
  }

  /** Records again what is known, before the log that it is in is dropped. */
  rewrite(): Promise<void> {
    this.#rewriting = this.#rewrite().finally(() => {
      this.#rewriting = undefined;
    });
    return this.#rewriting;
  }

  async #rewrite(): Promise<void> {
    const isActive = this.#current.isRunning || this.#building !== undefined;
    const wasStopped = this.#isStopped;
    await this.stop();
    await this.#change({});
    for (const generation of [this.#record.current, this.#record.building]) {
      if (generation === null) continue;
      await this.#options.storage.rewrite?.(spaceOf(this.#record, generation));
    }
    this.#isStopped = wasStopped;
    if (isActive) this.start();
  }
}

/** Waits for the end of something, well or not; rejects with `aborted`. */
async function aborting(work: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  const ended = work.catch(() => undefined);
  if (signal === undefined) return void (await ended);
  const stop = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(abortedError()), { signal: stop.signal });
  });
  await Promise.race([ended, aborted]).finally(() => stop.abort());
}

function openRun(
  { log, storage, projection }: ManagedOptions,
  record: ProjectionRecord,
  generation: GenerationRecord,
): Promise<ProjectionRun> {
  const space = spaceOf(record, generation);
  const known = projection ?? unknownProjection(record.name);
  return ProjectionRun.open({ log, storage, space, projection: known });
}

function spaceOf(
  { tenantId, name }: ProjectionRecord,
  { generation }: GenerationRecord,
): StateSpace {
  return { tenantId, projection: name, generation };
}

/** Stands for one whose code was not started here: its states can be read, and it is never run. */
function unknownProjection(name: string): Projection {
  const fail = (): never => {
    throw new AllSourceError('projection_stopped', `projection ${name}: its code was not started`);
  };
  return {
    ...{ name, version: 0, onError: 'stop', filter: {}, declaration: null, readsPayload: true },
    handles: fail,
    keyOf: fail,
    init: fail,
    apply: fail,
  };
}

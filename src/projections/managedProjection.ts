import { AllSourceError, abortedError } from '../domain/index.js';
import { checkedLimit } from '../eventStore/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import { compareRuns } from './compareRuns.js';
import { eventOf, isShown, isWhole, lastGeneration, mustBeWhole } from './record.js';
import type { GenerationRecord, ProjectionRecord, ReplayOfStates } from './record.js';
import { reasonOf } from './run/eventFailure.js';
import { openRun, spaceOf } from './run/openRun.js';
import type { ProjectionRun } from './run/projectionRun.js';
import type { ProjectionStorage } from './storage/types.js';
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
  /** Whether new sets of states are in a storage that the user gave. */
  readonly isElsewhere: boolean;
  /** How states come from events; undefined where its code was not started in this process. */
  readonly projection: Projection | undefined;
  /** Called when its record has changed, or a build has ended. */
  readonly onChange: () => void;
}

interface BuildOptions {
  readonly replay?: ReplayOfStates | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Rebuilding {
  readonly done: Promise<RebuildReport>;
  readonly replay: ReplayOfStates | undefined;
}

/** `none`: it was not begun, or other states have taken the place of those that it built. */
export type ReplayState = 'none' | 'building' | 'failed' | 'built';

/**
 * A projection with the states that are read, and those that may be built beside them. A replay that
 * clears shows those that it builds, and keeps the ones before until it has come to its end.
 */
export class ManagedProjection implements ProjectionHandle {
  readonly #options: ManagedOptions;
  #record: ProjectionRecord;
  #current: ProjectionRun;
  #building: ProjectionRun | undefined;
  #goal = 0;
  /** One change after the other: each has all that the one before had. */
  #changing: Promise<void> = Promise.resolve();
  #isStopped = false;
  /** How often it was paused or stopped. */
  #halts = 0;
  #rebuilding: Rebuilding | undefined;
  /** The states are recorded again: nothing runs meanwhile. */
  #rewriting: Promise<void> | undefined;
  /** Why the last build did not come to its end; it is tried again when it is resumed. */
  #buildFailure: ProjectionFailure | null = null;

  private constructor(options: ManagedOptions, record: ProjectionRecord, current: ProjectionRun) {
    this.#options = options;
    this.#record = record;
    this.#current = current;
  }

  static async open(options: ManagedOptions, record: ProjectionRecord): Promise<ManagedProjection> {
    const current = await openRun(options, record, record.current);
    const managed = new ManagedProjection(options, record, current);
    if (record.building !== null) {
      managed.#building = await openRun(options, record, record.building);
    }
    return managed;
  }

  get name(): string {
    return this.#record.name;
  }
  get record(): ProjectionRecord {
    return this.#record;
  }
  get projection(): Projection | undefined {
    return this.#options.projection;
  }

  /** Whether states are being built anew, or will be when it goes on. */
  get isBuilding(): boolean {
    const isWaiting = this.#record.building !== null && this.#buildFailure === null;
    return this.#rebuilding !== undefined || isWaiting;
  }

  get #isHalted(): boolean {
    return this.#isStopped || this.#record.isPaused;
  }

  /** The states that are read. */
  get #shown(): ProjectionRun {
    return (isShown(this.#record.building) ? this.#building : undefined) ?? this.#current;
  }

  /** Goes on where it was, with a build that was not finished too. */
  start(): void {
    const { projection } = this.#options;
    if (projection === undefined || this.#record.isPaused) return;
    const { current, building } = this.#record;
    if (current.version === projection.version && !isShown(building)) {
      this.#current.start({ isRead: true });
    }
    if (building !== null && this.#rebuilding === undefined) {
      void this.#track(this.#build(building, { halts: this.#halts }), building.replay);
    }
  }

  async info(): Promise<ProjectionInfo> {
    return this.describe();
  }

  describe(): ProjectionInfo {
    const { tenantId, name, kind, current, building } = this.#record;
    const { position, failure, counts } = this.#shown;
    return {
      name,
      tenantId,
      version: (building?.replay?.isShown === true ? building : current).version,
      kind,
      status: this.#status(),
      position,
      lag: Math.max(this.#options.log.watermark - position, 0),
      eventsProcessed: counts.processed,
      eventsFailed: counts.failed,
      eventsParked: counts.parked,
      failure: failure ?? this.#building?.failure ?? this.#buildFailure,
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
    return this.#shown.get(key);
  }

  async list(options: StateListOptions = {}): Promise<StatePage<unknown>> {
    const { prefix = '', cursor = null, limit = 100 } = options;
    checkedLimit(limit, 1, 10_000, 'limit');
    const run = this.#shown;
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
      const run = this.#shown;
      const rebuilding = this.#rebuilding;
      try {
        return await run.waitFor(position, signal);
      } catch (error) {
        if (signal?.aborted === true) throw error;
        if (this.#shown !== run) continue;
        // Another set of states is taking its place, or it goes on in a moment: that is waited for.
        const change = rebuilding?.done ?? this.#rewriting;
        if (change === undefined) throw error;
        await aborting(change, signal);
        if (this.#shown === run && !run.isRunning) throw error;
      }
    }
  }

  parked(): Promise<readonly ParkedEvent[]> {
    return this.#options.storage.parked(this.#shown.space);
  }

  async pause(): Promise<void> {
    if (this.#record.isPaused) return;
    await this.#change({ isPaused: true });
    await this.#halt();
  }

  async resume(): Promise<void> {
    if (this.#record.isPaused) await this.#change({ isPaused: false });
    this.#isStopped = false;
    this.start();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#halt();
  }

  async #halt(): Promise<void> {
    this.#halts += 1;
    await Promise.all([this.#current.stop(), this.#building?.stop()]);
    await this.#rebuilding?.done.catch(() => undefined);
  }

  async rebuild(options: { readonly signal?: AbortSignal } = {}): Promise<RebuildReport> {
    const { done } = await this.beginRebuild(options);
    return done;
  }

  async beginRebuild(options: { readonly signal?: AbortSignal } = {}): Promise<{
    readonly done: Promise<RebuildReport>;
  }> {
    const { done, replay } = this.#rebuilding ?? {};
    return done !== undefined && replay === undefined ? { done } : this.beginBuild(options);
  }

  /**
   * Builds states anew, and puts them in the place of those that are read. Resolves once it is recorded:
   * it goes on by itself then, after a restart too. Rejects with `replay_running`, `projection_stopped`,
   * and with `events_dropped` where it would build of less than is asked for.
   */
  async beginBuild({ replay, signal }: BuildOptions): Promise<{
    readonly done: Promise<RebuildReport>;
  }> {
    if (this.isBuilding) {
      const message = `projection ${this.name}: its states are being built anew already`;
      throw new AllSourceError('replay_running', message);
    }
    const { projection, log } = this.#options;
    if (projection === undefined || this.#isStopped) {
      const message = `projection ${this.name}: its code was not started in this process`;
      throw new AllSourceError('projection_stopped', message);
    }
    if (replay?.selection.since === undefined) mustBeWhole(this.name, log);
    const generation = lastGeneration(this.#record) + 1;
    const after = log.logBegin - 1;
    const { isElsewhere } = this.#options;
    const building = { generation, version: projection.version, isElsewhere, after, replay };
    const halts = this.#halts;
    const begun = this.#beginBuilding(building);
    const build = begun.then(() => this.#build(building, { halts, signal }));
    const done = this.#track(build, replay);
    await begun;
    return { done };
  }

  /** How far the replay of an id is. */
  stateOfReplay(id: string): ReplayState {
    const { current, building } = this.#record;
    if (current.replay?.id === id) return 'built';
    if (building?.replay?.id !== id) return 'none';
    const hasFailed = this.#rebuilding === undefined && this.#buildFailure !== null;
    return hasFailed ? 'failed' : 'building';
  }

  /** Of the states that are built: events up to here are in them, and so many could not be. */
  get progress(): { readonly position: number; readonly failed: number } {
    const { position, counts, failure } = this.#building ?? this.#current;
    return { position, failed: Math.max(counts.failed, counts.parked, failure === null ? 0 : 1) };
  }

  /** What was read before is read again; false where the replay has come to its end already. */
  async cancelReplay(id: string): Promise<boolean> {
    if (this.#record.building?.replay?.id !== id) return false;
    await this.#building?.stop();
    await this.#rebuilding?.done.catch(() => undefined);
    if (this.#record.building?.replay?.id !== id) return false;
    await this.#abandonBuilding();
    return true;
  }

  async #beginBuilding(building: GenerationRecord): Promise<void> {
    // One that failed gives way; what it has is dropped with the sets of states before these.
    const run = await openRun(this.#options, this.#record, building);
    await this.#change({ building }, () => {
      this.#building = run;
    });
  }

  #track(
    build: Promise<RebuildReport>,
    replay: ReplayOfStates | undefined,
  ): Promise<RebuildReport> {
    const done = build.finally(() => {
      this.#rebuilding = undefined;
      this.#options.onChange();
    });
    // Whoever does not wait for it is told by `info`.
    done.catch(() => undefined);
    this.#rebuilding = { done, replay };
    return done;
  }

  async #build(
    generation: GenerationRecord,
    { halts, signal }: { readonly halts: number; readonly signal?: AbortSignal | undefined },
  ): Promise<RebuildReport> {
    const building = this.#building;
    if (building === undefined || this.#record.isPaused) throw this.#haltedError();
    this.#buildFailure = null;
    this.#goal = generation.replay?.selection.goal ?? this.#options.log.watermark;
    try {
      if (isShown(generation)) await this.#current.stop();
      if (halts !== this.#halts) throw this.#haltedError();
      building.start();
      const isBeside = !isShown(generation);
      await building.waitFor(Math.max(this.#goal, isBeside ? this.#current.position : 0), signal);
      return await this.#swap(building, generation);
    } catch (error) {
      await building.stop();
      if (signal?.aborted === true) await this.#abandonBuilding();
      else if (!this.#isHalted) {
        this.#buildFailure = building.failure ?? { position: 0, reason: reasonOf(error) };
      }
      // It was stopped where the new states were to take the place of its own.
      if (!this.#isHalted) this.start();
      throw error;
    }
  }

  #haltedError(): AllSourceError {
    const state = this.#record.isPaused ? 'paused: it is built anew once it is resumed' : 'stopped';
    return new AllSourceError('projection_stopped', `projection ${this.name} is ${state}`);
  }

  /** Puts the new states in the place of the old. */
  async #swap(building: ProjectionRun, generation: GenerationRecord): Promise<RebuildReport> {
    const before = this.#current;
    await Promise.all([before.stop(), building.stop()]);
    const report = isShown(generation)
      ? { keys: 0, different: [] }
      : await this.#compared(building, generation);
    await this.#change({ current: generation, building: null }, () => {
      this.#current = building;
      this.#building = undefined;
    });
    this.start();
    return report;
  }

  /** Brings both to one position; where both are to be the same, they are compared. */
  async #compared(building: ProjectionRun, generation: GenerationRecord): Promise<RebuildReport> {
    const before = this.#current;
    const { current } = this.#record;
    const isSameVersion = current.version === generation.version;
    if (isSameVersion) await before.runTo(building.position);
    await building.runTo(before.position);
    const isSame = isSameVersion && isWhole(current) && isWhole(generation);
    if (!isSame || before.position !== building.position) return { keys: 0, different: [] };
    return compareRuns(this.#options.storage, before.space, building.space);
  }

  async #abandonBuilding(): Promise<void> {
    this.#buildFailure = null;
    const generations = lastGeneration(this.#record);
    await this.#change({ building: null, generations }, () => {
      this.#building = undefined;
    });
    if (!this.#isStopped) this.start();
  }

  /** @param whenChanged is called in the same step in which the record changes. */
  #change(change: Partial<ProjectionRecord>, whenChanged?: () => void): Promise<void> {
    const changed = this.#changing.then(async () => {
      const record = { ...this.#record, ...change };
      await this.#options.log.append([eventOf('recorded', record)]);
      this.#record = record;
      whenChanged?.();
      this.#options.onChange();
    });
    this.#changing = changed.catch(() => undefined);
    return changed;
  }

  /** First position that it still reads; infinite where it does not run. */
  neededFrom(): number {
    const isBuilding = this.#rebuilding !== undefined;
    if (this.#isHalted || !(isBuilding || this.#current.isRunning)) return Infinity;
    // Where a build is given up, the states before go on.
    const building = isBuilding ? this.#building : undefined;
    return Math.min(this.#current.begin, building?.begin ?? Infinity) + 1;
  }

  /** Removes all states; it must not run. */
  drop(): Promise<void> {
    const { tenantId, name } = this.#record;
    const generation = lastGeneration(this.#record);
    return this.#options.storage.drop({ tenantId, projection: name, generation });
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

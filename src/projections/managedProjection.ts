import { AllSourceError, abortedError } from '../domain/index.js';
import { checkedLimit } from '../eventStore/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import { eventOf, isShown, isWhole, lastGeneration, mustBeWhole } from './record.js';
import type { GenerationRecord, ProjectionRecord, ReplayOfStates } from './record.js';
import { Build } from './run/build.js';
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
  /** False where the store takes no appends: states are read, and nothing runs. */
  readonly isWritable: boolean;
  /** How states come from events; undefined where its code was not started in this process. */
  readonly projection: Projection | undefined;
  /** Called when its record has changed, or a build has ended. */
  readonly onChange: () => void;
}

interface BuildRequest {
  readonly replay?: ReplayOfStates | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface BuildAtWork {
  readonly build: Build;
  readonly done: Promise<RebuildReport>;
}

/** `none`: it was not begun, or other states have taken the place of those that it built. */
export type ReplayState = 'none' | 'building' | 'failed' | 'built';

/**
 * A projection with the states that are read, and those that may be built beside them. A replay that
 * clears shows those that it builds, and keeps the ones before until it has come to its end.
 *
 * What changes what runs takes its turn: one after the other, each has all that the one before did. A
 * build reads outside of the turns, and takes one to put its states in the place of those before.
 */
export class ManagedProjection implements ProjectionHandle {
  readonly #options: ManagedOptions;
  #record: ProjectionRecord;
  #current: ProjectionRun;
  #building: ProjectionRun | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #isStopped = false;
  #isRetired = false;
  #atWork: BuildAtWork | undefined;
  /** Builds that were asked for, and have not had their turn. */
  #beginning = 0;
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
    return this.#beginning > 0 || this.#hasBuild;
  }

  get #hasBuild(): boolean {
    const isWaiting = this.#record.building !== null && this.#buildFailure === null;
    return this.#atWork !== undefined || isWaiting;
  }

  /** Whether there is nothing to be mended by starting it again. */
  get isSound(): boolean {
    return soundStatuses.has(this.#status());
  }

  /** Whether it was deleted, or another one takes its place. */
  get isRetired(): boolean {
    return this.#isRetired;
  }

  get #isHalted(): boolean {
    return this.#isStopped || this.#isRetired || this.#record.isPaused;
  }

  /** The states that are read. */
  get #shown(): ProjectionRun {
    return (isShown(this.#record.building) ? this.#building : undefined) ?? this.#current;
  }

  /** Goes on where it was, with a build that was not finished too; one that failed is left alone. */
  start(): void {
    const { projection, isWritable } = this.#options;
    if (projection === undefined || !isWritable || this.#isHalted) return;
    const { current, building } = this.#record;
    if (current.version === projection.version && !isShown(building)) {
      this.#current.start({ isRead: true });
    }
    const isWaiting = this.#atWork === undefined && this.#buildFailure === null;
    if (building !== null && isWaiting) void this.#startBuild(building);
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
    if (this.#atWork === undefined) return null;
    const { generation, run, goal } = this.#atWork.build;
    return { version: generation.version, position: run.position, goal };
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
      const atWork = this.#atWork;
      try {
        return await run.waitFor(position, signal);
      } catch (error) {
        if (signal?.aborted === true) throw error;
        if (this.#shown !== run) continue;
        // Another set of states is taking its place, or it goes on in a moment: that is waited for.
        const change = this.#rewriting ?? atWork?.done;
        if (change === undefined) throw error;
        await aborting(change, signal);
        if (this.#shown === run && !run.isRunning) throw error;
      }
    }
  }

  parked(): Promise<readonly ParkedEvent[]> {
    return this.#options.storage.parked(this.#shown.space);
  }

  pause(): Promise<void> {
    return this.#interrupting(async () => {
      this.#mustBeThere();
      try {
        if (!this.#record.isPaused) await this.#change({ isPaused: true });
      } finally {
        if (this.#record.isPaused) await this.#halt();
        else this.start();
      }
    });
  }

  resume(): Promise<void> {
    return this.#inTurn(async () => {
      this.#mustBeThere();
      if (this.#record.isPaused) await this.#change({ isPaused: false });
      this.#isStopped = false;
      this.#buildFailure = null;
      this.start();
    });
  }

  stop(): Promise<void> {
    return this.#interrupting(async () => {
      this.#isStopped = true;
      await this.#halt();
    });
  }

  /** Ends it for good: from now on it refuses what would change it. */
  retire(): Promise<void> {
    return this.#interrupting(async () => {
      this.#isRetired = true;
      await this.#halt();
    });
  }

  /** Goes on after all: it was not deleted, and nothing has taken its place. */
  revive(): Promise<void> {
    return this.#inTurn(async () => {
      this.#isRetired = false;
      this.start();
    });
  }

  /** Ends what runs, within a turn. */
  async #halt(): Promise<void> {
    this.#atWork?.build.halt();
    this.#atWork = undefined;
    await Promise.all([this.#current.stop(), this.#building?.stop()]);
  }

  async rebuild(options: { readonly signal?: AbortSignal } = {}): Promise<RebuildReport> {
    const { done } = await this.beginRebuild(options);
    return done;
  }

  beginRebuild({ signal }: { readonly signal?: AbortSignal } = {}): Promise<{
    readonly done: Promise<RebuildReport>;
  }> {
    return this.#inTurnToBegin(async () => {
      const { build, done } = this.#atWork ?? {};
      const isJoined = done !== undefined && build?.generation.replay === undefined;
      return isJoined ? { done } : this.#beginBuild({ signal });
    });
  }

  /**
   * Builds states anew, and puts them in the place of those that are read. Resolves once it is recorded:
   * it goes on by itself then, after a restart too. Rejects with `replay_running`, `projection_stopped`,
   * and with `events_dropped` where it would build of less than is asked for.
   */
  async beginBuild(request: BuildRequest): Promise<{ readonly done: Promise<RebuildReport> }> {
    if (this.isBuilding) throw this.#buildingError();
    return this.#inTurnToBegin(() => this.#beginBuild(request));
  }

  async #inTurnToBegin<T>(work: () => Promise<T>): Promise<T> {
    this.#beginning += 1;
    return this.#inTurn(work).finally(() => {
      this.#beginning -= 1;
    });
  }

  async #beginBuild({ replay, signal }: BuildRequest): Promise<{
    readonly done: Promise<RebuildReport>;
  }> {
    const { projection, log, isElsewhere } = this.#options;
    if (this.#hasBuild) throw this.#buildingError();
    this.#mustBeThere();
    if (projection === undefined || this.#isStopped) {
      const message = `projection ${this.name}: its code was not started in this process`;
      throw new AllSourceError('projection_stopped', message);
    }
    if (replay?.selection.since === undefined) mustBeWhole(this.name, log);
    const generation = lastGeneration(this.#record) + 1;
    const after = log.logBegin - 1;
    const building = { generation, version: projection.version, isElsewhere, after, replay };
    // One that failed gives way; what it has is dropped with the sets of states before these.
    await this.#changeBuilding({ building });
    this.#buildFailure = null;
    if (isShown(building)) await this.#current.stop();
    return { done: this.#startBuild(building, signal) };
  }

  /** How far the replay of an id is. */
  stateOfReplay(id: string): ReplayState {
    const { current, building } = this.#record;
    if (current.replay?.id === id) return 'built';
    if (building?.replay?.id !== id) return 'none';
    const hasFailed = this.#atWork === undefined && this.#buildFailure !== null;
    return hasFailed ? 'failed' : 'building';
  }

  /** Of the states that are built: events up to here are in them, and so many could not be. */
  get progress(): { readonly position: number; readonly failed: number } {
    const { position, counts, failure } = this.#building ?? this.#current;
    return { position, failed: Math.max(counts.failed, counts.parked, failure === null ? 0 : 1) };
  }

  /** What was read before is read again; false where the replay has come to its end already. */
  cancelReplay(id: string): Promise<boolean> {
    const isOfReplay = (): boolean => this.#record.building?.replay?.id === id;
    if (isOfReplay()) this.#atWork?.build.halt();
    return this.#inTurn(async () => {
      if (!isOfReplay() || this.#isRetired) return false;
      this.#atWork?.build.halt();
      this.#atWork = undefined;
      try {
        await this.#building?.stop();
        await this.#abandonBuilding();
      } finally {
        this.start();
      }
      return true;
    });
  }

  #startBuild(generation: GenerationRecord, signal?: AbortSignal): Promise<RebuildReport> {
    const run = this.#building;
    const goal = generation.replay?.selection.goal ?? this.#options.log.watermark;
    let done: Promise<RebuildReport>;
    if (run === undefined || this.#isHalted) {
      done = Promise.reject(this.#haltedError());
    } else {
      const build = new Build({ run, generation, goal, signal });
      done = this.#finish(build).finally(() => this.#options.onChange());
      this.#atWork = { build, done };
    }
    // Whoever does not wait for it is told by `info`.
    done.catch(() => undefined);
    return done;
  }

  async #finish(build: Build): Promise<RebuildReport> {
    try {
      for (;;) {
        await build.reach(this.#current);
        const report = await this.#inTurn(() => this.#swap(build));
        if (report !== undefined) return report;
      }
    } catch (error) {
      await this.#inTurn(() => this.#endFailed(build, error));
      throw build.isHalted ? this.#haltedError() : error;
    }
  }

  /** Puts the new states in the place of the old; undefined where they have to be read on first. */
  async #swap(build: Build): Promise<RebuildReport | undefined> {
    const { generation } = build;
    const { current } = this.#record;
    const isWholeBoth = isWhole(current) && isWhole(generation);
    const isCompared = isWholeBoth && current.version === generation.version;
    const { storage } = this.#options;
    const report = await build.meet(this.#current, { storage, isCompared });
    if (report !== undefined) {
      await this.#change({ current: generation, building: null }, () => {
        this.#current = build.run;
        this.#building = undefined;
        this.#atWork = undefined;
      });
    }
    this.start();
    return report;
  }

  async #endFailed(build: Build, error: unknown): Promise<void> {
    // Whoever halted it has ended it, and another one may be at work.
    if (this.#atWork?.build !== build) return;
    await build.run.stop();
    this.#atWork = undefined;
    // It goes on when the store is opened again.
    if (this.#options.log.isClosed) return;
    if (!build.isHalted) {
      this.#buildFailure = build.run.failure ?? { position: 0, reason: reasonOf(error) };
    }
    try {
      if (build.isGivenUp) await this.#abandonBuilding();
    } finally {
      // It was stopped where the new states were to take the place of its own.
      this.start();
    }
  }

  #buildingError(): AllSourceError {
    const message = `projection ${this.name}: its states are being built anew already`;
    return new AllSourceError('replay_running', message);
  }

  #haltedError(): AllSourceError {
    const state = this.#record.isPaused ? 'paused: it is built anew once it is resumed' : 'stopped';
    return new AllSourceError('projection_stopped', `projection ${this.name} is ${state}`);
  }

  /** Where it was of a newer version, plain states of that are built: those before can't go on. */
  async #abandonBuilding(): Promise<void> {
    const { current, building } = this.#record;
    const generations = lastGeneration(this.#record);
    const isNewer = building !== null && building.version !== current.version;
    const isPossible = this.#options.log.logBegin === 1;
    if (isNewer && isPossible) {
      const { version, isElsewhere } = building;
      const plain = { generation: generations + 1, version, isElsewhere };
      await this.#changeBuilding({ building: plain });
    } else {
      await this.#changeBuilding({ building: null, generations });
    }
    const reason = 'events were dropped from the log, so its states can not be built anew of all';
    this.#buildFailure = isNewer && !isPossible ? { position: 0, reason } : null;
  }

  async #changeBuilding(
    change: Pick<ProjectionRecord, 'building'> & Partial<ProjectionRecord>,
  ): Promise<void> {
    const { building } = change;
    const run =
      building === null ? undefined : await openRun(this.#options, this.#record, building);
    await this.#change(change, () => {
      this.#building = run;
    });
  }

  /** Does some work when all work before has ended, well or not. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** The same; a build that has its turn gives way. */
  #interrupting<T>(work: () => Promise<T>): Promise<T> {
    this.#atWork?.build.halt();
    return this.#inTurn(work);
  }

  #mustBeThere(): void {
    if (!this.#isRetired) return;
    const message = `projection ${this.name} was deleted, or is being started again; get it anew`;
    throw new AllSourceError('projection_stopped', message);
  }

  /** Within a turn. @param whenChanged is called in the same step in which the record changes. */
  async #change(change: Partial<ProjectionRecord>, whenChanged?: () => void): Promise<void> {
    const record = { ...this.#record, ...change };
    await this.#options.log.append([eventOf('recorded', record)]);
    this.#record = record;
    whenChanged?.();
    this.#options.onChange();
  }

  /** First position that it still reads; infinite where it does not run. */
  neededFrom(): number {
    const isBuilding = this.#atWork !== undefined;
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
    this.#rewriting = this.#interrupting(() => this.#rewrite()).finally(() => {
      this.#rewriting = undefined;
    });
    return this.#rewriting;
  }

  async #rewrite(): Promise<void> {
    const isActive = this.#current.isRunning || this.#atWork !== undefined;
    await this.#halt();
    try {
      await this.#change({});
      for (const generation of [this.#record.current, this.#record.building]) {
        if (generation === null) continue;
        await this.#options.storage.rewrite?.(spaceOf(this.#record, generation));
      }
    } finally {
      if (isActive) this.start();
    }
  }
}

const soundStatuses: ReadonlySet<ProjectionStatus> = new Set(['running', 'rebuilding', 'paused']);

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

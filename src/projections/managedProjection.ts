import { AllSourceError, abortedError } from '../domain/index.js';
import { checkedLimit } from '../eventStore/index.js';
import { Builds } from './managed/builds.js';
import type { BuildRequest, BuildsOptions, ReplayState } from './managed/builds.js';
import { Generations } from './managed/generations.js';
import { Turns } from './managed/turns.js';
import { isKeptElsewhere, isShown } from './record.js';
import type { ProjectionRecord } from './record.js';
import type {
  ParkedEvent,
  ProjectedState,
  Projection,
  ProjectionFailure,
  ProjectionHandle,
  ProjectionInfo,
  ProjectionStatus,
  RebuildReport,
  StateListOptions,
  StatePage,
} from './types.js';

export interface ManagedOptions extends BuildsOptions {
  /** False where the store takes no appends: states are read, and nothing runs. */
  readonly isWritable: boolean;
}

/**
 * A projection with the states that are read, and those that may be built beside them. A replay that
 * clears shows those that it builds, and keeps the ones before until it has come to its end.
 */
export class ManagedProjection implements ProjectionHandle {
  readonly #options: ManagedOptions;
  readonly #generations: Generations;
  readonly #turns = new Turns();
  readonly #builds: Builds;
  #isStopped = false;
  #isRetired = false;
  /** The states are recorded again: nothing runs meanwhile. */
  #rewriting: Promise<void> | undefined;

  private constructor(options: ManagedOptions, generations: Generations) {
    this.#options = options;
    this.#generations = generations;
    this.#builds = new Builds(options, {
      generations,
      turns: this.#turns,
      isHalted: () => this.#isHalted,
      isRetired: () => this.#isRetired,
      mustHaveCode: () => this.#mustHaveCode(),
      start: () => this.start(),
    });
  }

  static async open(options: ManagedOptions, record: ProjectionRecord): Promise<ManagedProjection> {
    return new ManagedProjection(options, await Generations.open(options, record));
  }

  get name(): string {
    return this.record.name;
  }
  get record(): ProjectionRecord {
    return this.#generations.record;
  }
  get projection(): Projection | undefined {
    return this.#options.projection;
  }

  /** Whether states are being built anew, or will be when it goes on. */
  get isBuilding(): boolean {
    return this.#builds.isBuilding;
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
    return this.#isStopped || this.#isRetired || this.record.isPaused;
  }

  /** Whether its states are in a storage that was not given in this process. */
  get #isUnknown(): boolean {
    return isKeptElsewhere(this.record.current) && !this.#options.isElsewhere;
  }

  /** Whether nothing was written of it yet. Of a storage that is not given here that is not known. */
  get #isNew(): boolean {
    const { building } = this.record;
    return (
      !this.#isUnknown && building === null && !this.#isStopped && this.#generations.current.isNew
    );
  }

  /** Goes on where it was, with a build that was not finished too; one that failed is left alone. */
  start(): void {
    const { projection, isWritable } = this.#options;
    if (projection === undefined || !isWritable || this.#isHalted) return;
    const { current, building } = this.record;
    if (current.version === projection.version && !isShown(building)) {
      this.#generations.current.start({ isRead: true });
    }
    this.#builds.goOn();
  }

  async info(): Promise<ProjectionInfo> {
    return this.describe();
  }

  describe(): ProjectionInfo {
    const { tenantId, name, kind, current, building } = this.record;
    const { position, failure, counts } = this.#generations.shown;
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
      failure:
        failure ??
        this.#generations.building?.failure ??
        this.#builds.failure ??
        (this.#isUnknown ? unknownStates : null),
      rebuild: this.#builds.info,
    };
  }

  #status(): ProjectionStatus {
    const { current } = this.#generations;
    if (this.record.isPaused) return 'paused';
    if (this.#builds.isAtWork) return 'rebuilding';
    if (this.#builds.failure !== null) return 'failed';
    if (current.isRunning) return 'running';
    if (current.failure !== null && !this.#isStopped) return 'failed';
    return this.#isNew ? 'created' : 'stopped';
  }

  get(key: string): Promise<ProjectedState<unknown> | undefined> {
    return this.#generations.shown.get(key);
  }

  async list(options: StateListOptions = {}): Promise<StatePage<unknown>> {
    const { prefix = '', cursor = null, limit = 100 } = options;
    checkedLimit(limit, 1, 10_000, 'limit');
    const run = this.#generations.shown;
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
      const run = this.#generations.shown;
      const build = this.#builds.done;
      try {
        return await run.waitFor(position, signal);
      } catch (error) {
        if (signal?.aborted === true || this.#options.log.isClosed) throw error;
        if (this.#generations.shown !== run) continue;
        // Another set of states is taking its place, or it goes on in a moment: that is waited for.
        const change = this.#rewriting ?? build;
        if (change === undefined) throw error;
        await aborting(change, signal);
        if (this.#generations.shown === run && !run.isRunning) throw error;
      }
    }
  }

  parked(): Promise<readonly ParkedEvent[]> {
    return this.#options.storage.parked(this.#generations.shown.space);
  }

  pause(): Promise<void> {
    return this.#interrupting(async () => {
      this.#mustBeThere();
      try {
        if (!this.record.isPaused) await this.#generations.change({ isPaused: true });
      } finally {
        if (this.record.isPaused) await this.#halt();
        else this.start();
      }
    });
  }

  resume(): Promise<void> {
    return this.#turns.inTurn(async () => {
      this.#mustBeThere();
      if (this.record.isPaused) await this.#generations.change({ isPaused: false });
      this.#isStopped = false;
      this.#builds.forgetFailure();
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
    return this.#turns.inTurn(async () => {
      this.#isRetired = false;
      this.start();
    });
  }

  async rebuild(options: { readonly signal?: AbortSignal } = {}): Promise<RebuildReport> {
    const { done } = await this.beginRebuild(options);
    return done;
  }

  beginRebuild({ signal }: { readonly signal?: AbortSignal } = {}): Promise<{
    readonly done: Promise<RebuildReport>;
  }> {
    return this.#builds.beginOrJoin(signal);
  }

  /**
   * Builds states anew, and puts them in the place of those that are read. Resolves once it is recorded:
   * it goes on by itself then, after a restart too. Rejects with `replay_running`, `projection_stopped`,
   * and with `events_dropped` where it would build of less than is asked for.
   */
  beginBuild(request: BuildRequest): Promise<{ readonly done: Promise<RebuildReport> }> {
    return this.#builds.begin(request);
  }

  /** How far the replay of an id is. */
  stateOfReplay(id: string): ReplayState {
    return this.#builds.stateOfReplay(id);
  }

  /** Of the states that are built: events up to here are in them, and so many could not be. */
  get progress(): { readonly position: number; readonly failed: number } {
    return this.#builds.progress;
  }

  /** What was read before is read again; false where the replay has come to its end already. */
  cancelReplay(id: string): Promise<boolean> {
    return this.#builds.cancelReplay(id);
  }

  /** First position that it still reads; infinite where it does not run. */
  neededFrom(): number {
    const { current, building } = this.#generations;
    const isBuilding = this.#builds.isAtWork;
    if (this.#isHalted || !(isBuilding || current.isRunning)) return Infinity;
    // Where a build is given up, the states before go on.
    return Math.min(current.begin, (isBuilding ? building : undefined)?.begin ?? Infinity) + 1;
  }

  /** Whoever waits looks again whether the store closes. */
  endWaits(): void {
    this.#generations.endWaits();
  }

  /** Removes all states; it must not run. */
  drop(): Promise<void> {
    return this.#generations.drop();
  }

  /** Records again what is known, before the log that it is in is dropped. */
  rewrite(): Promise<void> {
    this.#rewriting = this.#interrupting(() => this.#rewrite()).finally(() => {
      this.#rewriting = undefined;
    });
    return this.#rewriting;
  }

  async #rewrite(): Promise<void> {
    const isActive = this.#generations.current.isRunning || this.#builds.isAtWork;
    await this.#halt();
    try {
      await this.#generations.rewrite();
    } finally {
      if (isActive) this.start();
    }
  }

  /** Ends what runs, within a turn. */
  async #halt(): Promise<void> {
    this.#builds.halt();
    await this.#generations.stop();
  }

  /** Does some work in its turn; a build that has its turn gives way. */
  #interrupting<T>(work: () => Promise<T>): Promise<T> {
    this.#builds.interrupt();
    return this.#turns.inTurn(work);
  }

  #mustBeThere(): void {
    if (!this.#isRetired) return;
    const message = `projection ${this.name} was deleted, or is being started again; get it anew`;
    throw new AllSourceError('projection_stopped', message);
  }

  #mustHaveCode(): Projection {
    this.#mustBeThere();
    const { projection } = this.#options;
    if (projection !== undefined && !this.#isStopped) return projection;
    const message = `projection ${this.name}: its code was not started in this process`;
    throw new AllSourceError('projection_stopped', message);
  }
}

/** Where its states are can't be asked: the position is not known. */
const unknownStates: ProjectionFailure = {
  position: 0,
  reason:
    'its states are kept in a storage of their own, which was not given in this process: how far they are is ' +
    'not known; start it with that storage',
};

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

import { setTimeout as wait } from 'node:timers/promises';
import { AllSourceError, abortedError } from '../../domain/index.js';
import type { StoredEvent } from '../../domain/index.js';
import { WakeUp, parseEvents } from '../../eventStore/index.js';
import type { EventBytes, SystemAccess } from '../../eventStore/index.js';
import type { ReplayOfStates } from '../record.js';
import { PartitionedFold } from '../partitions/partitionedFold.js';
import type { KeptStates, ProjectionStorage, StateSpace } from '../storage/types.js';
import type { ProjectedState, Projection, ProjectionFailure } from '../types.js';
import { EventFailure, reasonOf } from './eventFailure.js';
import { OlderStates } from './olderStates.js';
import { openSpace } from './openedSpace.js';
import { PendingStates } from './pendingStates.js';
import { projectionSource } from './projectionSource.js';

/** What changed is written this long after it did. */
const commitDelayMs = 1000;
/** A position that moved this far without a change is written, so that a restart need not look there. */
const quietPositionsMax = 10_000;
const retryMs = 500;
const retryMsMax = 30_000;
/** Whoever lists states waits so long until they are written. */
const flushMsMax = 10_000;

export interface RunOptions<S> {
  readonly log: SystemAccess;
  readonly projection: Projection<S>;
  readonly storage: ProjectionStorage;
  readonly space: StateSpace;
  /** Behind this position it begins; default 0. */
  readonly after?: number | undefined;
  /** Undefined where all events are taken in. */
  readonly replay?: ReplayOfStates | undefined;
}

interface StartOptions {
  readonly until?: number | undefined;
  readonly isRead?: boolean | undefined;
  readonly isOnce?: boolean | undefined;
}

/**
 * Keeps one set of states up to date. Where an event fails, all that is not durable yet is forgotten and
 * made again up to that event, so a handler that failed half way has left nothing behind.
 */
export class ProjectionRun<S = unknown> {
  readonly space: StateSpace;
  readonly #options: RunOptions<S>;
  readonly #states: PendingStates<S>;
  readonly #older: OlderStates;
  readonly #partitions: PartitionedFold | undefined;
  readonly #moved = new WakeUp();
  readonly #flushes = new WakeUp();
  #position: number;
  #suspect = 0;
  #failure: ProjectionFailure | null = null;
  #running: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;
  #isFlushWanted = false;
  /** A commit failed: storage alone knows whether it was made. */
  #isUncertain = false;
  /** Storage does not know yet that these are the states that are read. */
  #isActivationDue = false;
  #processed = 0;
  /** Of those, the ones that are written: the rest is taken in again after a failure. */
  #processedWritten = 0;
  #failed = 0;

  private constructor(options: RunOptions<S>, kept: KeptStates) {
    this.#options = options;
    this.space = options.space;
    this.#states = new PendingStates(options, kept);
    this.#older = new OlderStates(options.storage, options.space);
    this.#position = this.begin;
    this.#partitions = this.#partitioned(options);
  }

  static async open<S>(options: RunOptions<S>): Promise<ProjectionRun<S>> {
    return new ProjectionRun(options, await openSpace(options));
  }

  /** All events up to here are in the states. */
  get position(): number {
    return this.#position;
  }
  /** Where it goes on from what storage has. */
  get begin(): number {
    return Math.max(this.#states.committedPosition, this.#options.after ?? 0);
  }
  /** Nothing was written yet. */
  get isNew(): boolean {
    return this.#states.committedPosition === 0;
  }
  get isRunning(): boolean {
    return this.#running !== undefined;
  }
  get failure(): ProjectionFailure | null {
    return this.#failure;
  }
  get projection(): Projection<S> {
    return this.#options.projection;
  }
  get counts() {
    const { parkedCount: parked } = this.#states;
    return { processed: this.#processed, failed: this.#failed, parked };
  }

  /**
   * Goes on where it is; up to a position, or with what becomes durable. `isRead`: its states are those
   * of the projection from now on. `isOnce`: it ends where it fails, whatever the projection says.
   */
  start(options: StartOptions = {}): void {
    const { isRead = false } = options;
    if (this.#running !== undefined) return;
    this.#isActivationDue ||= isRead;
    this.#failure = null;
    const stop = new AbortController();
    const done = this.#run(stop.signal, options).finally(async () => {
      await this.#partitions?.close();
      this.#running = undefined;
      this.#moved.notify();
    });
    this.#running = { stop, done };
  }

  /** Resolves once it has come to a position, or failed: nothing is tried again. */
  async runTo(position: number): Promise<void> {
    if (position <= this.#position) return;
    this.start({ until: position, isOnce: true });
    await this.#running?.done;
  }

  /** Writes what it has, and ends. */
  async stop(): Promise<void> {
    this.#running?.stop.abort();
    await this.#running?.done;
    await this.#older.stop();
  }

  async get(key: string): Promise<ProjectedState<S> | undefined> {
    // What changed behind it is in memory, so what storage has is not older.
    const position = this.#position;
    const state = await this.#states.read(key);
    return state === undefined ? undefined : { key, state, position };
  }

  /**
   * Writes what changed, so that storage has all that there is. Rejects where that does not work within
   * some time: it is tried again beside that.
   */
  async flush(): Promise<void> {
    const deadline = performance.now() + flushMsMax;
    const goal = this.#position;
    const { log } = this.#options;
    // Where storage failed, what was taken in since is to be taken in again, and is not known.
    const isAway = () => this.#failure?.position === 0;
    const isWritten = () =>
      !isAway() &&
      (this.#states.committedPosition >= goal ||
        (this.#states.changedCount === 0 && this.#position >= goal));
    while (this.#running !== undefined && !isWritten()) {
      this.#isFlushWanted = true;
      const timeoutMs = Math.max(deadline - performance.now(), 0);
      const flushed = this.#flushes.wait({ timeoutMs });
      this.#moved.notify();
      await Promise.race([flushed, this.#running.done]);
      log.mustBeOpen();
      if (!isWritten() && performance.now() >= deadline) throw this.#unwrittenError();
    }
  }

  /** Resolves once a position is reached. */
  async waitFor(position: number, signal: AbortSignal | undefined): Promise<void> {
    while (this.#position < position) {
      if (signal?.aborted === true) throw abortedError();
      this.#options.log.mustBeOpen();
      if (this.#running === undefined) throw this.#stoppedError();
      await this.#moved.wait({ signal });
    }
  }

  #unwrittenError(): AllSourceError {
    const { name } = this.#options.projection;
    const why = this.#failure === null ? '' : `: ${this.#failure.reason}`;
    const message = `projection ${name}: its states were not written within ${flushMsMax} ms${why}`;
    return new AllSourceError('projection_stopped', message);
  }

  /** Whoever waits looks again whether the store closes. */
  endWaits(): void {
    this.#moved.notify();
    this.#flushes.notify();
  }

  #stoppedError(): AllSourceError {
    const { name } = this.#options.projection;
    const why = this.#failure === null ? '' : `: ${this.#failure.reason}`;
    const message = `projection ${name} does not run, and is at ${this.#position}${why}`;
    return new AllSourceError('projection_stopped', message);
  }

  async #run(
    signal: AbortSignal,
    { until, isOnce = false }: Pick<StartOptions, 'until' | 'isOnce'>,
  ): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const begin = this.#position;
      try {
        await this.#settle();
        await this.#readOn(signal, until);
        await this.#commit();
        return;
      } catch (error) {
        this.#rollBack();
        if (this.#position > begin) attempt = 1;
        if (!this.#goesOnAfter(error)) return;
        const delayMs = Math.min(retryMs * 2 ** (attempt - 1), retryMsMax);
        // The first try of an event that failed comes at once.
        const isNew = error instanceof EventFailure && !error.isConfirmed;
        if (isOnce && !isNew) return;
        if (!isNew) await this.#partitions?.close();
        if (!isNew) await wait(delayMs, undefined, { signal }).catch(() => undefined);
        if (signal.aborted) return;
      }
    }
  }

  /** Whether it is tried again; notes why it does not work. */
  #goesOnAfter(error: unknown): boolean {
    if (error instanceof EventFailure) {
      if (!error.isConfirmed) {
        this.#suspect = error.position;
        return true;
      }
      this.#failure = { position: error.position, reason: error.message };
      return this.#options.projection.onError === 'retry';
    }
    if (error instanceof AllSourceError && error.code === 'store_closed') return false;
    this.#failure = { position: 0, reason: reasonOf(error) };
    // A batch of states that was too large is made smaller; for the rest, whoever looks is told.
    return (
      !(error instanceof AllSourceError) || isTransient(error) || this.#states.makeSmaller(error)
    );
  }

  #rollBack(): void {
    this.#states.rollBack();
    this.#processed = this.#processedWritten;
    this.#position = this.begin;
    this.#isUncertain = true;
  }

  /** Comes to terms with storage before it goes on. */
  async #settle(): Promise<void> {
    const { storage, space } = this.#options;
    const before = this.#position;
    if (this.#isUncertain) {
      this.#states.reopen(await openSpace(this.#options));
      this.#position = this.begin;
      this.#isUncertain = false;
      this.#flushes.notify();
    }
    if (this.#isActivationDue) {
      await storage.activate?.(space);
      this.#older.drop();
    } else if (this.#position === before) {
      return;
    }
    this.#isActivationDue = false;
    if (this.#failure?.position === 0) this.#failure = null;
  }

  async #readOn(signal: AbortSignal, until: number | undefined): Promise<void> {
    // What waits for events ends with this, however it ends.
    const stop = new AbortController();
    const end = () => stop.abort();
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    try {
      await this.#foldPartitions(stop.signal, until);
      await this.#readUntil(stop.signal, until);
    } finally {
      signal.removeEventListener('abort', end);
      end();
    }
  }

  #partitioned({ replay, projection, log, storage, space }: RunOptions<S>) {
    const { partitions } = replay ?? {};
    const { partitions: source } = projection;
    if (replay === undefined || partitions === undefined || source === undefined) return undefined;
    // Threads fold with a projection of their own; types say nothing there.
    const others = {
      projection: projection as Projection,
      states: this.#states as PendingStates<unknown>,
    };
    const onCommitted = (position: number, events: number): void => {
      this.#position = position;
      this.#processed += events;
      this.#noteCommitted(this.#processed);
      this.#moved.notify();
    };
    const where = { log, storage, space };
    return new PartitionedFold({ ...others, ...where, source, replay, partitions, onCommitted });
  }

  /** Up to the goal of a replay in threads. An event that failed there is taken in here, alone. */
  async #foldPartitions(signal: AbortSignal, until = Infinity): Promise<void> {
    const partitions = this.#partitions;
    if (partitions === undefined) return;
    const end = Math.min(until, partitions.goal);
    while (this.#position < end && !signal.aborted) {
      if (this.#suspect > 0) {
        await this.#readUntil(signal, Math.min(end, this.#suspect));
        await this.#commit();
      } else if (!(await partitions.run(this.#position, { until: end, signal }))) {
        return;
      }
    }
  }

  async #readUntil(signal: AbortSignal, until: number | undefined): Promise<void> {
    const { log, projection, space, replay } = this.#options;
    const source = projectionSource(log, {
      ...{ projection, tenantId: space.tenantId, replay, until, signal },
      after: this.#position,
    });
    let next = source.next();
    for (;;) {
      const read = await this.#nextOrCommit(next);
      if (read.done === true) return;
      // The next one is read while this one is handled.
      next = source.next();
      next.catch(() => undefined);
      await log.background.run(() => this.#handle(read.value));
      if (signal.aborted) return;
    }
  }

  /** While there is nothing to do, what changed is written when its time has come. */
  async #nextOrCommit(
    next: Promise<IteratorResult<EventBytes, void>>,
  ): Promise<IteratorResult<EventBytes, void>> {
    while (this.#states.changedCount > 0) {
      const timeoutMs = Math.max(this.#states.changedAt + commitDelayMs - performance.now(), 0);
      if (this.#isFlushWanted || timeoutMs === 0) {
        await this.#commit();
        continue;
      }
      const read = await Promise.race([next, this.#moved.wait({ timeoutMs })]);
      if (read !== undefined) return read;
    }
    return next;
  }

  async #handle({ bytes, position }: EventBytes): Promise<void> {
    if (bytes !== undefined) {
      const { projection } = this.#options;
      const events = parseEvents(bytes).filter(({ eventType }) => projection.handles(eventType));
      await this.#states.load(events, this.#suspect);
      for (const [i, event] of events.entries()) {
        if (event.position === this.#suspect) await this.#handleSuspect(events.slice(i));
        else this.#states.apply(event);
        this.#position = event.position;
        this.#processed += 1;
        if (this.#states.isFull) await this.#commit();
      }
    }
    this.#position = position;
    this.#moved.notify();
    if (this.#states.changedCount === 0) this.#flushes.notify();
    const quiet = position - this.#states.committedPosition;
    if (this.#states.changedCount === 0 && quiet >= quietPositionsMax) await this.#commit();
  }

  /** An event that failed before, and those behind it: what comes before it is written first. */
  async #handleSuspect(events: readonly StoredEvent[]): Promise<void> {
    const [event, ...rest] = events;
    if (event === undefined) return;
    this.#position = event.position - 1;
    await this.#commit();
    try {
      await this.#states.load([event], 0);
      this.#states.apply(event);
      this.#suspect = 0;
      this.#failure = null;
    } catch (error) {
      if (!(error instanceof EventFailure)) throw error;
      if (this.#failure?.position !== event.position) this.#failed += 1;
      if (this.#options.projection.onError !== 'park') throw error.confirmed();
      this.#states.rollBack();
      this.#states.park(event.position, error.message);
      this.#position = event.position;
      this.#suspect = 0;
      await this.#commit();
      await this.#states.load(rest, 0);
    }
  }

  async #commit(): Promise<void> {
    this.#isFlushWanted = false;
    const processed = this.#processed;
    if (this.#position > this.#states.committedPosition) await this.#states.commit(this.#position);
    this.#noteCommitted(processed);
  }

  #noteCommitted(processed: number): void {
    this.#processedWritten = processed;
    if (this.#failure?.position === 0) this.#failure = null;
    this.#flushes.notify();
  }
}

function isTransient(error: AllSourceError): boolean {
  return error.code === 'storage_full' || error.code === 'overloaded';
}

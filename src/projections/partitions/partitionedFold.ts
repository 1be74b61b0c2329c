import { WakeUp } from '../../eventStore/index.js';
import type { BytesChunk, SystemAccess } from '../../eventStore/index.js';
import type { ReplayOfStates } from '../record.js';
import { EventFailure } from '../run/eventFailure.js';
import type { PendingStates } from '../run/pendingStates.js';
import { formOf, selectedEvents } from '../run/projectionSource.js';
import { cacheKeysMax } from '../run/stateCache.js';
import type { ProjectionStorage, StateChange, StateSpace } from '../storage/types.js';
import type { Projection, ProjectionModule } from '../types.js';
import type { ThreadData } from './messages.js';
import { PartitionThread } from './partitionThread.js';
import type { ThreadFailure } from './partitionThread.js';
import { giveThreads, takeThreads } from './threadBudget.js';

/** What changed is written this long after the commit before. */
const commitDelayMs = 1000;
/** Chunks that threads have and have not folded: the next ones are there when they are done. */
const inFlightMax = 4;

export interface PartitionedFoldOptions {
  readonly log: SystemAccess;
  readonly storage: ProjectionStorage;
  readonly space: StateSpace;
  readonly projection: Projection;
  readonly source: ProjectionModule;
  readonly replay: ReplayOfStates;
  readonly partitions: number;
  readonly states: PendingStates<unknown>;
  /** Events up to a position are in the states now; so many were taken in since the commit before. */
  readonly onCommitted: (position: number, events: number) => void;
}

interface Chunk extends BytesChunk {
  /** All that is selected up to here is in it, or before it. */
  readonly position: number;
}

interface Commit {
  readonly position: number;
  readonly changes: StateChange[];
  /** Threads that have given theirs. */
  threads: number;
}

/**
 * Folds what a replay selects in threads, each of which has a part of the keys, and all events of these in
 * their order. Threads are given bytes; they give back texts of states, which are committed here, with the
 * position that all of them have come to: one commit at a time, while they go on.
 *
 * The first failure of one ends it, and all that is not durable is forgotten.
 */
export class PartitionedFold {
  readonly #options: PartitionedFoldOptions;
  readonly #moved = new WakeUp();
  #threads: readonly PartitionThread[] = [];
  #failure: ThreadFailure | undefined;
  #commit: Commit | undefined;
  #committing: Promise<void> = Promise.resolve();
  #committedAt = 0;
  #eventsCommitted = 0;
  #sent = 0;

  constructor(options: PartitionedFoldOptions) {
    this.#options = options;
  }

  get goal(): number {
    return this.#options.replay.selection.goal;
  }

  /**
   * Folds on, until a position is reached or `signal` aborts; false where there is no thread for it. Throws
   * EventFailure, and what storage throws.
   */
  async run(after: number, { until, signal }: Bounds): Promise<boolean> {
    if (!(await this.#begin(after, signal))) return false;
    try {
      await this.#foldUntil(until, signal);
    } finally {
      await this.#committing;
      // What threads have not given yet is not waited for.
      this.#commit = undefined;
    }
    return true;
  }

  /** Ends its threads. */
  async close(): Promise<void> {
    const threads = this.#threads;
    this.#threads = [];
    await Promise.all(threads.map((thread) => thread.end()));
    giveThreads(threads.length);
  }

  async #begin(after: number, signal: AbortSignal): Promise<boolean> {
    this.#failure = undefined;
    this.#commit = undefined;
    this.#eventsCommitted = 0;
    this.#sent = after;
    this.#committedAt = performance.now();
    if (this.#threads.length > 0) this.#tell({ kind: 'reset' });
    else this.#open();
    while (!signal.aborted && !this.#threads.every(({ isReady }) => isReady)) {
      this.#mustGoOn();
      await this.#moved.wait({ signal });
    }
    return this.#threads.length > 0;
  }

  #open(): void {
    const { projection, source, storage, space, states } = this.#options;
    const partitions = takeThreads(this.#options.partitions);
    const { name, version } = projection;
    const data: Omit<ThreadData, 'partition' | 'states' | 'loaded'> = {
      ...{ name, version, source, partitions },
      keysMax: Math.ceil(cacheKeysMax / partitions),
      isEmpty: states.committedPosition === 0,
    };
    const host = {
      load: (keys: readonly string[]) => storage.load(space, keys),
      onChanges: (changes: readonly StateChange[]) => this.#takeChanges(changes),
      onFailure: (failure: ThreadFailure) => {
        this.#failure ??= failure;
        this.#moved.notify();
      },
      onMoved: () => this.#moved.notify(),
    };
    this.#threads = Array.from({ length: partitions }, (_, partition) => {
      return new PartitionThread(host, { ...data, partition });
    });
  }

  async #foldUntil(until: number, signal: AbortSignal): Promise<void> {
    let next = this.#readNext(until);
    for (;;) {
      this.#mustGoOn();
      if (signal.aborted || this.#options.states.committedPosition >= until) return;
      if (this.#isCommitDue(until)) this.#collect();
      if (this.#sent >= until || !this.#hasRoom()) {
        await this.#moved.wait({ signal, timeoutMs: commitDelayMs });
        continue;
      }
      const chunk = await next;
      await this.#options.log.background.run(async () => this.#send(chunk));
      // The next one is read while this one is folded.
      next = this.#readNext(until);
    }
  }

  /** Whoever does not come to wait for it is not told of a failure. */
  #readNext(until: number): Promise<Chunk> {
    const next = this.#read(this.#sent, until);
    next.catch(() => undefined);
    return next;
  }

  async #read(after: number, until: number): Promise<Chunk> {
    const { log, projection, replay, space, states } = this.#options;
    if (after >= until)
      return { bytes: Buffer.alloc(0), count: 0, nextPosition: 0, position: until };
    const selected = selectedEvents(projection, space.tenantId, replay.selection);
    const events = Math.min(replay.batchEvents, states.keysMax);
    const range = { first: after + 1, last: until, events };
    const chunk = await log.bytesIn(selected, range, formOf(projection));
    return { ...chunk, position: chunk.nextPosition === 0 ? until : chunk.nextPosition - 1 };
  }

  #send({ bytes, count, position }: Chunk): void {
    this.#sent = position;
    if (count === 0) return;
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    this.#tell({ kind: 'events', bytes: shared });
  }

  #tell(message: Parameters<PartitionThread['tell']>[0]): void {
    for (const thread of this.#threads) thread.tell(message);
  }

  /** Whether what the next chunk may change fits into a commit with what has changed. */
  #hasRoom(): boolean {
    const { batchEvents } = this.#options.replay;
    const { keysMax } = this.#options.states;
    const inFlight = this.#inFlight;
    if (inFlight >= inFlightMax) return false;
    const chunkEvents = Math.min(batchEvents, keysMax);
    return this.#changedKeys + (inFlight + 1) * chunkEvents <= keysMax;
  }

  #isCommitDue(until: number): boolean {
    const { committedPosition, keysMax } = this.#options.states;
    if (this.#commit !== undefined || this.#sent <= committedPosition) return false;
    if (this.#sent >= until || this.#changedKeys >= keysMax / 2) return true;
    if (performance.now() - this.#committedAt >= commitDelayMs) return true;
    return this.#inFlight === 0 && !this.#hasRoom();
  }

  get #inFlight(): number {
    return Math.max(...this.#threads.map(({ inFlight }) => inFlight));
  }

  get #changedKeys(): number {
    return this.#threads.reduce((sum, { changedKeys }) => sum + changedKeys, 0);
  }

  #collect(): void {
    this.#commit = { position: this.#sent, changes: [], threads: 0 };
    this.#tell({ kind: 'collect' });
  }

  #takeChanges(changes: readonly StateChange[]): void {
    const commit = this.#commit;
    if (commit === undefined) return;
    for (const change of changes) commit.changes.push(change);
    commit.threads += 1;
    if (commit.threads < this.#threads.length) return;
    const events = this.#threads.reduce((sum, thread) => sum + thread.events, 0);
    this.#committing = this.#write(commit, events);
  }

  async #write({ changes, position }: Commit, events: number): Promise<void> {
    const { log, states, onCommitted } = this.#options;
    try {
      await log.background.run(() => states.commitOthers(changes, position));
      onCommitted(position, events - this.#eventsCommitted);
      this.#eventsCommitted = events;
      this.#committedAt = performance.now();
      this.#tell({ kind: 'committed' });
    } catch (error) {
      this.#failure ??= { position: 0, error: error as Error };
    }
    this.#commit = undefined;
    this.#moved.notify();
  }

  #mustGoOn(): void {
    if (this.#failure === undefined) return;
    const { position, error } = this.#failure;
    throw position === 0 ? error : new EventFailure(position, error.message);
  }
}

interface Bounds {
  readonly until: number;
  readonly signal: AbortSignal;
}

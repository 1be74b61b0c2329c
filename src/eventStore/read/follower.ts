import { AllSourceError } from '../../domain/index.js';
import type { EngineQuery } from './query.js';
import { chunkBounds } from './reader.js';
import type { Chunk, ReadBounds } from './reader.js';

/** A follower that has not reached the watermark for this long has fallen behind. */
const fellBehindMs = 1000;
const checkpointMsDefault = 1000;

/** `caughtUp`: the follower is live from here on. `fellBehind`: it was, and is no longer. */
export type DeliveryMark = 'caughtUp' | 'fellBehind';

/** What a follower got. A delivery without events tells of a mark, or of a range without a match. */
export interface Delivery<C extends Chunk> {
  readonly chunk: C | undefined;
  /** Every matching event up to this position has been delivered, this delivery included. */
  readonly position: number;
  readonly mark: DeliveryMark | null;
}

/** What a follower gives, for whoever only takes it. */
export interface Deliveries<C extends Chunk> {
  /** See Follower.next. */
  next(eventsMax: number): Promise<Delivery<C> | undefined>;
}

/** What a follower needs of the store. */
export interface FollowSource {
  readonly watermark: number;
  readonly isClosed: boolean;
  /**
   * Resolves to false where `timeoutMs` passed before the watermark was at `position`; rejects with
   * `aborted` or `store_closed`.
   */
  reached(
    position: number,
    options: { signal: AbortSignal | undefined; timeoutMs: number | undefined },
  ): Promise<boolean>;
}

export interface FollowOptions<C extends Chunk> {
  /** The filter, and the first position wanted. The follower moves its range. */
  readonly query: EngineQuery;
  readonly read: (query: EngineQuery, bounds: ReadBounds) => Promise<C>;
  readonly signal: AbortSignal | undefined;
  /** A range without a matching event is told of at most this often; default each second. */
  readonly checkpointMs?: number | undefined;
}

/**
 * A cursor on the log with a filter: the one way by which events get to whoever wants all of them.
 * Catching up and live are the same loop, which reads up to the watermark and waits for it to move.
 * It reads when it is asked to, so a slow reader costs no memory, and a fast one gets events as soon
 * as they are durable.
 */
export class Follower<C extends Chunk> implements Deliveries<C> {
  readonly #source: FollowSource;
  readonly #options: FollowOptions<C>;
  readonly #query: EngineQuery;
  readonly #checkpointMs: number;
  /** First position that was not read yet. */
  #next: number;
  #isLive = false;
  #behindSince: number | undefined;
  #deliveredTo: number;
  #deliveredAt = performance.now();

  constructor(source: FollowSource, options: FollowOptions<C>) {
    this.#source = source;
    this.#options = options;
    this.#query = options.query;
    this.#checkpointMs = options.checkpointMs ?? checkpointMsDefault;
    this.#next = options.query.firstPosition;
    this.#deliveredTo = this.#next - 1;
  }

  get hasEnded(): boolean {
    return this.#options.signal?.aborted === true || this.#source.isClosed;
  }

  /**
   * The next events, at most `eventsMax`; waits until there are some, or something else is to be told.
   * Undefined where the signal aborted or the store was closed. One call at a time.
   */
  async next(eventsMax: number): Promise<Delivery<C> | undefined> {
    const events = Math.min(eventsMax, chunkBounds.events);
    while (!this.hasEnded) {
      const last = this.#source.watermark;
      const chunk = this.#next > last ? undefined : await this.#read(last, events);
      if (this.hasEnded) return undefined;
      const mark = this.#markAt(chunk === undefined || chunk.nextPosition === 0);
      const hasEvents = chunk !== undefined && chunk.count > 0;
      if (hasEvents || mark !== null || this.#isCheckpointDue()) {
        return this.#deliver(hasEvents ? chunk : undefined, mark);
      }
      if (!(await this.#moved())) return undefined;
    }
    return undefined;
  }

  async #read(last: number, events: number): Promise<C> {
    this.#query.firstPosition = this.#next;
    this.#query.lastPosition = last;
    const chunk = await this.#options.read(this.#query, { ...chunkBounds, events });
    this.#next = chunk.nextPosition === 0 ? last + 1 : chunk.nextPosition;
    // Times never go backwards along the log: what follows is later, too.
    if (chunk.count > 0) this.#query.sinceMicros = NaN;
    return chunk;
  }

  #deliver(chunk: C | undefined, mark: DeliveryMark | null): Delivery<C> {
    this.#deliveredTo = this.#next - 1;
    this.#deliveredAt = performance.now();
    return { chunk, position: this.#deliveredTo, mark };
  }

  #markAt(isAtEnd: boolean): DeliveryMark | null {
    if (isAtEnd) {
      this.#behindSince = undefined;
      if (this.#isLive) return null;
      this.#isLive = true;
      return 'caughtUp';
    }
    this.#behindSince ??= performance.now();
    if (!this.#isLive || performance.now() - this.#behindSince < fellBehindMs) return null;
    this.#isLive = false;
    return 'fellBehind';
  }

  get #hasPassedOver(): boolean {
    return this.#deliveredTo < this.#next - 1;
  }

  #isCheckpointDue(): boolean {
    return this.#hasPassedOver && performance.now() - this.#deliveredAt >= this.#checkpointMs;
  }

  /** Whether to look again; false where the signal or the store has ended it. */
  async #moved(): Promise<boolean> {
    const timeoutMs = this.#hasPassedOver ? this.#checkpointMs : undefined;
    try {
      await this.#source.reached(this.#next, { signal: this.#options.signal, timeoutMs });
      return true;
    } catch (error) {
      if (isEnd(error)) return false;
      throw error;
    }
  }
}

function isEnd(error: unknown): boolean {
  return (
    error instanceof AllSourceError && (error.code === 'aborted' || error.code === 'store_closed')
  );
}

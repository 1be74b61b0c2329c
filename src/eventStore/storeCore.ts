import { closedError } from '../domain/index.js';
import { fromNative } from '../engine/index.js';
import type { NativeStore } from '../engine/index.js';
import { AppendQueue } from './append/appendQueue.js';
import type { BatchInput } from './append/batchJob.js';
import type { SetTime } from './append/setTime.js';
import { BackgroundTurns } from './parts/background.js';
import { Prover } from './integrity/proofs.js';
import { Follower } from './read/follower.js';
import type { FollowOptions } from './read/follower.js';
import { Reader } from './read/reader.js';
import type { Chunk } from './read/reader.js';
import { SharedReads } from './read/sharedReads.js';
import type { StateAnswer, StateRequest } from './read/stateRequest.js';
import { readCounters } from './statistics.js';
import type { BatchResult } from './types.js';
import { Watermark } from './watermark.js';
import type { WaitOptions } from './watermark.js';

/** What all faces of an open store share: the engine, its queue, its readers, and its life. */
export class StoreCore {
  readonly native: NativeStore;
  /** Undefined where it is that of the system. */
  readonly time: SetTime | undefined;
  readonly appends: AppendQueue;
  readonly reader: Reader;
  readonly sharedReads: SharedReads;
  readonly prover: Prover;
  /** The turns of what the store does by itself. */
  readonly background: BackgroundTurns;
  /** Told of progress of the engine, behind the parts of the core. */
  onMoved: (() => void) | undefined;
  /** Told of each state document that was made. */
  onStateRead: ((request: StateRequest, answer: StateAnswer) => void) | undefined;
  readonly #watermark: Watermark;
  #isReferenced = false;
  #closing: Promise<void> | undefined;
  #takesSystemEvents = true;
  #systemCalls = 0;

  constructor(native: NativeStore, time?: SetTime) {
    this.native = native;
    this.time = time;
    this.appends = new AppendQueue(native, time);
    this.reader = new Reader(native);
    this.sharedReads = new SharedReads(this.reader);
    this.prover = new Prover(native, () => this.watermark);
    this.background = new BackgroundTurns(() => this.appends.calls - this.#systemCalls);
    const { watermark } = readCounters(native);
    this.#watermark = new Watermark(watermark);
    this.appends.onProgress(watermark, false);
  }

  get watermark(): number {
    return this.#watermark.position;
  }
  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  mustBeOpen(): void {
    if (this.#closing) throw closedError();
  }

  /** Called when the engine's watermark, room or failure changed. */
  onProgress(watermark: number, failureCode: number): void {
    this.appends.onProgress(watermark, failureCode !== 0);
    this.#watermark.moveTo(watermark);
    this.#keepAliveWhileNeeded();
    this.onMoved?.();
  }

  /** A pending promise alone would let the process end: the engine keeps it alive meanwhile. */
  awaited<T>(promise: Promise<T>): Promise<T> {
    if (!this.#isReferenced) {
      this.#isReferenced = true;
      this.native.ref();
    }
    return promise;
  }

  appendInput(input: BatchInput): Promise<BatchResult> {
    if (this.#closing) return Promise.reject(closedError());
    return this.awaited(this.appends.appendBatch(input));
  }

  /** The same for a part of the store, which may still write what it has to while the store closes. */
  appendSystem(input: BatchInput): Promise<BatchResult> {
    if (!this.#takesSystemEvents) return Promise.reject(closedError());
    this.#systemCalls += 1;
    return this.awaited(this.appends.appendBatch(input));
  }

  /** See Watermark.reached. */
  reached(position: number, options: WaitOptions): Promise<boolean> {
    if (this.#closing) return Promise.reject(closedError());
    const reached = this.#watermark.reached(position, options);
    return this.awaited(reached).finally(() => this.#keepAliveWhileNeeded());
  }

  follow<C extends Chunk>(options: FollowOptions<C>): Follower<C> {
    return new Follower(this, options);
  }

  /** A state; undefined where the entity has no events up to then. */
  async state(request: StateRequest): Promise<StateAnswer | undefined> {
    this.mustBeOpen();
    try {
      const answer = await this.reader.state(request);
      if (answer !== undefined && request.form !== 'merged') this.onStateRead?.(request, answer);
      return answer;
    } catch (error) {
      throw fromNative(error);
    }
  }

  /** Nothing is taken from now on; `finish` lets parts of the store write what they have to. */
  close(finish: () => Promise<void>): Promise<void> {
    this.#closing ??= this.#close(finish);
    return this.#closing;
  }

  async #close(finish: () => Promise<void>): Promise<void> {
    // Whoever waits is told first: a handler that `finish` waits for may be one of them.
    this.#watermark.failAll(closedError());
    this.native.ref();
    try {
      await finish();
    } finally {
      await this.#closeEngine();
    }
  }

  async #closeEngine(): Promise<void> {
    this.#takesSystemEvents = false;
    try {
      // What was appended before is finished: the engine reports progress until nothing waits.
      await this.appends.idle();
      await this.native.close();
    } catch (error) {
      throw fromNative(error);
    } finally {
      this.native.unref();
    }
  }

  #keepAliveWhileNeeded(): void {
    if (!this.#isReferenced || !this.appends.isIdle || this.#watermark.hasWaiters) return;
    this.#isReferenced = false;
    this.native.unref();
  }
}

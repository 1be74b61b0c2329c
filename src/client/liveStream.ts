import { AllSourceError } from '../domain/index.js';
import { type Connection, backoffMs, wait } from './connection.js';
import type { WebSocketLike } from './types.js';
import {
  type Problem,
  errorOfProblem,
  isTransient,
  unreachable,
  withCode,
} from './wire/answers.js';

const path = '/api/v1/events/stream';
/** What may wait here for a slow reader: text of events, and their number. */
const windowBytes = 8 * 1024 * 1024;
const windowEventsMax = 8192;
const windowEventsFirst = 512;
/** Pings of the server that may be missed. */
const missedPingsMax = 2.5;
const reconnectWaitMsMax = 5_000;

/** Where it begins: the first position, or a time; `now` is known once the server has answered. */
export type Begin = 'now' | number | { readonly timestamp: string };

export interface LiveStreamOptions<T, W> {
  readonly tenantId: string;
  /** The frames in which what is asked for comes, and what one of it becomes. */
  readonly kind: 'events' | 'messages';
  readonly read: (item: W) => T;
  /** As the fields of a `subscribe` frame. */
  readonly filter: object;
  readonly begin: Begin;
  readonly signal: AbortSignal | undefined;
}

export interface LiveBatch<T> {
  readonly items: T[];
  /** All that was asked for up to here has been given. */
  readonly position: number;
  readonly mark: 'caughtUp' | 'fellBehind' | null;
}

interface BatchFrame<W> {
  readonly type: 'events' | 'messages';
  readonly position: number;
  readonly mark: 'caught_up' | 'fell_behind' | null;
  readonly events?: readonly W[];
  readonly messages?: readonly W[];
}

type Frame<W> =
  | { readonly type: 'subscribed'; readonly watermark: number; readonly ping_seconds: number }
  | BatchFrame<W>
  | ({ readonly type: 'error' } & Problem)
  | { readonly type: 'ping' };

const apiMarks = { caught_up: 'caughtUp', fell_behind: 'fellBehind' } as const;

/**
 * What one subscription is about, over one WebSocket after the other: each new one begins behind the last
 * position of the one before. The server sends as far as it has credit, so a slow reader holds no more
 * than a window.
 */
export class LiveStream<T, W = never> {
  readonly #connection: Connection;
  readonly #options: LiveStreamOptions<T, W>;
  readonly #end = new AbortController();
  readonly #queue: LiveBatch<T>[] = [];
  #failure: AllSourceError | undefined;
  readonly #waiters = new Set<() => void>();
  /** Where the next WebSocket begins. */
  #begin: Begin;
  #socket: WebSocketLike | undefined;
  #isRunning = false;
  #isLive = false;
  /** Events that the server may still send. */
  #credit = 0;
  #window = windowEventsFirst;

  constructor(connection: Connection, options: LiveStreamOptions<T, W>) {
    this.#connection = connection;
    this.#options = options;
    this.#begin = options.begin;
    const { signal } = options;
    if (signal?.aborted || connection.closing.aborted) {
      this.close();
      return;
    }
    const close = (): void => this.close();
    signal?.addEventListener('abort', close, { once: true });
    connection.closing.addEventListener('abort', close, { once: true });
    this.#end.signal.addEventListener('abort', () => {
      signal?.removeEventListener('abort', close);
      connection.closing.removeEventListener('abort', close);
    });
    // What is appended by this client from now on is to be seen: `now` has to be known before that.
    if (options.begin === 'now') connection.begin(new Promise((begun) => this.#run(begun)));
  }

  get hasEnded(): boolean {
    return this.#end.signal.aborted;
  }

  /** Undefined where it has ended. Throws what the server refuses it with, or why it is out of reach. */
  async next(): Promise<LiveBatch<T> | undefined> {
    if (!this.#isRunning && !this.hasEnded) this.#run(() => undefined);
    for (;;) {
      if (this.hasEnded && this.#failure === undefined) return undefined;
      const batch = this.#queue.shift();
      if (batch !== undefined) {
        this.#grantCredit();
        return batch;
      }
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => this.#waiters.add(resolve));
    }
  }

  close(): void {
    this.#end.abort();
    this.#socket?.close();
    this.#wakeAll();
  }

  #wakeAll(): void {
    for (const wake of this.#waiters) wake();
    this.#waiters.clear();
  }

  #run(onBegun: () => void): void {
    this.#isRunning = true;
    this.#reconnect(onBegun)
      .catch((error: unknown) => {
        this.#failure =
          error instanceof AllSourceError ? error : unreachable(this.#connection.base, error);
        this.#end.abort();
      })
      .finally(() => {
        onBegun();
        this.#wakeAll();
      });
  }

  /** One WebSocket after the other, until it ends or can't go on. */
  async #reconnect(onBegun: () => void): Promise<void> {
    let attempts = 0;
    let giveUpAt = Date.now() + this.#connection.retryForMs;
    while (!this.hasEnded) {
      const error = await this.#converse(() => {
        attempts = 0;
        // Once it was there, it is waited for.
        giveUpAt = Infinity;
        onBegun();
      });
      onBegun();
      if (this.hasEnded) return;
      if (error !== undefined && !isTransient(error)) throw error;
      if (attempts > 0) await this.#askWhy();
      if (Date.now() >= giveUpAt) throw error ?? unreachable(this.#connection.base, undefined);
      this.#fallBehind();
      attempts += 1;
      await wait(backoffMs(attempts, reconnectWaitMsMax), [this.#end.signal]);
    }
  }

  /** A refused handshake tells no reason, a refused request does. */
  async #askWhy(): Promise<void> {
    try {
      const query = { tenant_id: this.#options.tenantId };
      await this.#connection.json({ path: '/api/v1/stats', query, isRepeatable: false });
    } catch (error) {
      if (!isTransient(error)) throw error;
    }
  }

  /** Resolves when a WebSocket has closed, with the error that the server told, if it did. */
  #converse(onSubscribed: () => void): Promise<AllSourceError | undefined> {
    const { base } = this.#connection;
    return new Promise((resolve) => {
      const socket = this.#connection.openWebSocket(path, { tenant_id: this.#options.tenantId });
      this.#socket = socket;
      let error: AllSourceError | undefined;
      let timer: ReturnType<typeof setInterval> | undefined;
      let heardAt = Date.now();
      const finish = (): void => {
        clearInterval(timer);
        if (this.#socket === socket) this.#socket = undefined;
        socket.close();
        resolve(error);
      };
      const watch = (pingMs: number): void => {
        clearInterval(timer);
        timer = setInterval(() => {
          if (Date.now() - heardAt > missedPingsMax * pingMs) finish();
        }, pingMs);
      };
      watch(30_000);
      socket.addEventListener('open', () => this.#subscribe(socket));
      socket.addEventListener('error', finish);
      socket.addEventListener('close', finish);
      socket.addEventListener('message', ({ data }) => {
        heardAt = Date.now();
        if (this.#socket !== socket || this.hasEnded) return;
        try {
          const text = String(data);
          // Frames of the form that the server promises; others are passed over.
          const frame = JSON.parse(text) as Frame<W>;
          if (frame.type === 'events' || frame.type === 'messages') this.#take(frame, text.length);
          else if (frame.type === 'error') throw refusal(frame);
          else if (frame.type === 'subscribed') {
            watch(frame.ping_seconds * 1000);
            if (this.#begin === 'now') this.#begin = frame.watermark + 1;
            onSubscribed();
          }
        } catch (thrown) {
          error = thrown instanceof AllSourceError ? thrown : unreachable(base, thrown);
          finish();
        }
      });
    });
  }

  #subscribe(socket: WebSocketLike): void {
    const begin = this.#begin;
    this.#credit = Math.max(this.#window - this.#waiting, 1);
    socket.send(
      JSON.stringify({
        type: 'subscribe',
        ...this.#options.filter,
        ...(typeof begin === 'number' && { from_position: begin }),
        ...(typeof begin === 'object' && { from_timestamp: begin.timestamp }),
        batch: true,
        credit: this.#credit,
      }),
    );
  }

  get #waiting(): number {
    return this.#queue.reduce((sum, { items }) => sum + items.length, 0);
  }

  #take(frame: BatchFrame<W>, chars: number): void {
    this.#begin = frame.position + 1;
    const { kind, read } = this.#options;
    const items = (frame[kind] ?? []).map(read);
    this.#credit -= items.length;
    if (items.length > 0) {
      const fitting = Math.floor(windowBytes / (chars / items.length));
      this.#window = Math.min(Math.max(fitting, 1), windowEventsMax);
    }
    const mark = frame.mark === null ? null : apiMarks[frame.mark];
    if (mark !== null) this.#isLive = mark === 'caughtUp';
    this.#push({ items, position: frame.position, mark });
  }

  /** What was live and lost its connection has to catch up again. */
  #fallBehind(): void {
    if (!this.#isLive || typeof this.#begin !== 'number') return;
    this.#isLive = false;
    this.#push({ items: [], position: this.#begin - 1, mark: 'fellBehind' });
  }

  /** Of checkpoints that nobody has looked at yet, the last is enough. */
  #push(batch: LiveBatch<T>): void {
    const last = this.#queue.at(-1);
    if (last !== undefined && last.items.length === 0 && batch.items.length === 0) {
      this.#queue.pop();
      this.#queue.push({ ...batch, mark: batch.mark ?? last.mark });
    } else {
      this.#queue.push(batch);
    }
    this.#wakeAll();
  }

  /** Credit for what the reader has taken, in pieces of a quarter of the window at least. */
  #grantCredit(): void {
    const events = this.#window - this.#credit - this.#waiting;
    if (this.#socket === undefined || events < Math.max(this.#window / 4, 1)) return;
    this.#credit += events;
    this.#socket.send(JSON.stringify({ type: 'credit', events }));
  }
}

/** A frame that the server did not take holds what the caller asked for. */
function refusal(problem: Problem): AllSourceError {
  const error = errorOfProblem(problem);
  return error.code === 'validation_error' ? withCode(error, 'invalid_query') : error;
}

import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';

/** Share of the JavaScript thread that work in the background takes while appends are made. */
const busyShare = 0.08;
/** Appends come in bursts, one for each sync of the disk: without one for so long there are none. */
const idleMs = 50;
/** While it waits for its turn it looks this often whether appends still come. */
const lookMs = 5;

/**
 * Turns of what the store does by itself, such as snapshots. While nobody appends it goes on at once;
 * otherwise it leaves the thread to the appends, and takes a small share of it: what it does is late
 * then, but it slows nobody. One piece of work at a time.
 */
export class BackgroundTurns {
  readonly #appendCalls: () => number;
  #callsSeen = 0;
  #busyUntil = 0;
  #usedMs = 0;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param appendCalls how many appends callers have asked for. */
  constructor(appendCalls: () => number) {
    this.#appendCalls = appendCalls;
  }

  /** Does a short piece of work, a few milliseconds at most, when it is its turn. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(() => this.#take(work));
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #take<T>(work: () => Promise<T>): Promise<T> {
    await this.#wait();
    const begin = performance.now();
    try {
      return await work();
    } finally {
      this.#usedMs = performance.now() - begin;
    }
  }

  async #wait(): Promise<void> {
    await nextTurn();
    const until = performance.now() + this.#usedMs / busyShare;
    while (this.#isBusy() && performance.now() < until) await wait(lookMs);
  }

  #isBusy(): boolean {
    const now = performance.now();
    const calls = this.#appendCalls();
    if (calls !== this.#callsSeen) this.#busyUntil = now + idleMs;
    this.#callsSeen = calls;
    return now < this.#busyUntil;
  }
}

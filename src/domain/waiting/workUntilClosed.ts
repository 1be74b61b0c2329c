import { closedError } from '../errors.js';
import { linkSignals } from './linkedSignal.js';

/** Work that ends with a store, or with the signal of who asked for it. */
export class WorkUntilClosed {
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<unknown>>();

  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Gives work a signal for both; rejects with `store_closed` where it was closed meanwhile. */
  async run<T>(
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (this.isClosed) throw closedError();
    const linked = linkSignals([this.#closing.signal, ...(signal === undefined ? [] : [signal])]);
    const done = work(linked.signal);
    const settled = done.catch(() => undefined);
    this.#underWay.add(settled);
    try {
      return await done;
    } catch (error) {
      throw this.isClosed ? closedError() : error;
    } finally {
      linked.release();
      this.#underWay.delete(settled);
    }
  }

  /** Ends what is under way, and waits for it. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#underWay);
  }
}

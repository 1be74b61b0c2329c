import { type AllSourceError, abortedError } from '../domain/index.js';

interface Waiter {
  readonly position: number;
  readonly resolve: () => void;
  readonly reject: (error: AllSourceError) => void;
}

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

/** The highest durable position, and who waits for it to move. */
export class Watermark {
  #position: number;
  readonly #waiters = new Set<Waiter>();

  constructor(position: number) {
    this.#position = position;
  }

  get position(): number {
    return this.#position;
  }
  get hasWaiters(): boolean {
    return this.#waiters.size !== 0;
  }

  moveTo(position: number): void {
    if (position === this.#position) return;
    this.#position = position;
    for (const waiter of this.#waiters) {
      if (waiter.position <= position) waiter.resolve();
    }
  }

  /**
   * Resolves to true once the watermark is at `position`, to false where `timeoutMs` passed before;
   * rejects with `aborted`, or when all are failed.
   */
  reached(position: number, options: WaitOptions = {}): Promise<boolean> {
    const { signal, timeoutMs } = options;
    if (position <= this.#position) return Promise.resolve(true);
    if (signal?.aborted) return Promise.reject(abortedError());
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        this.#waiters.delete(waiter);
        signal?.removeEventListener('abort', onAbort);
        clearTimeout(timer);
        finish();
      };
      const onAbort = (): void => waiter.reject(abortedError());
      const waiter: Waiter = {
        position,
        resolve: () => settle(() => resolve(true)),
        reject: (error) => settle(() => reject(error)),
      };
      this.#waiters.add(waiter);
      signal?.addEventListener('abort', onAbort, { once: true });
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => settle(() => resolve(false)), timeoutMs);
    });
  }

  failAll(error: AllSourceError): void {
    for (const waiter of this.#waiters) waiter.reject(error);
  }
}

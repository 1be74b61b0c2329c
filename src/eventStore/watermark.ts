import { AllSourceError } from '../domain/index.js';

interface Waiter {
  readonly position: number;
  readonly resolve: () => void;
  readonly reject: (error: AllSourceError) => void;
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
      if (waiter.position > position) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  /** Resolves once the watermark is at `position`; rejects with `aborted`, or when all are failed. */
  reached(position: number, signal?: AbortSignal): Promise<void> {
    if (position <= this.#position) return Promise.resolve();
    if (signal?.aborted) return Promise.reject(abortedError());
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiters.delete(waiter);
        reject(abortedError());
      };
      const settle = (done: () => void): void => {
        signal?.removeEventListener('abort', onAbort);
        done();
      };
      const waiter: Waiter = {
        position,
        resolve: () => settle(resolve),
        reject: (error) => settle(() => reject(error)),
      };
      this.#waiters.add(waiter);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  failAll(error: AllSourceError): void {
    for (const waiter of this.#waiters) waiter.reject(error);
    this.#waiters.clear();
  }
}

export function abortedError(): AllSourceError {
  return new AllSourceError('aborted', 'the call was aborted by its signal');
}

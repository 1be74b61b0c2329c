import { AllSourceError, abortedError } from '../errors.js';

export interface TurnsOptions {
  /** Pieces of work at a time, and those that may wait. */
  readonly atOnce: number;
  readonly waitingMax: number;
  /** What they are called in the error that tells of too many. */
  readonly name: string;
}

/** Lets a few pieces of work run at a time; the others wait in the order in which they came. */
export class Turns {
  readonly #options: TurnsOptions;
  #running = 0;
  readonly #waiting = new Set<() => void>();

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  async run<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    if (this.#running >= this.#options.atOnce) await this.#wait(signal);
    else this.#running += 1;
    try {
      if (signal?.aborted === true) throw abortedError();
      return await work();
    } finally {
      this.#pass();
    }
  }

  /** Whoever leaves hands its turn to the next one. */
  #pass(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#running -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }

  async #wait(signal: AbortSignal | undefined): Promise<void> {
    const { waitingMax, name } = this.#options;
    if (this.#waiting.size >= waitingMax) {
      const message = `${waitingMax} ${name} wait for their turn already; ask again later`;
      throw new AllSourceError('overloaded', message);
    }
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        if (this.#waiting.delete(enter)) reject(abortedError());
      };
      const enter = (): void => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      this.#waiting.add(enter);
      signal?.addEventListener('abort', leave, { once: true });
      if (signal?.aborted === true) leave();
    });
  }
}

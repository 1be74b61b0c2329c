import { errorOfEnd } from '../failures.js';
import type { EndCause } from '../failures.js';

/** When a query must end: its time is over, its caller or the store wants it. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #caller: AbortSignal | undefined;
  #cause: EndCause | undefined;
  readonly #onCaller = (): void => this.end('aborted');

  constructor({ timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal | undefined }) {
    this.#timer = setTimeout(() => this.end({ timeoutMs }), timeoutMs);
    this.#caller = signal;
    signal?.addEventListener('abort', this.#onCaller, { once: true });
    if (signal?.aborted === true) this.end('aborted');
  }

  /** Aborted when the query must end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  end(cause: EndCause): void {
    this.#cause ??= cause;
    this.#controller.abort();
  }

  /** Why it must end, as an error; undefined where it need not. */
  get error(): Error | undefined {
    return this.#cause === undefined ? undefined : errorOfEnd(this.#cause);
  }

  /** Waits for work, but not beyond the end: what the work comes to then does not matter. */
  async race<T>(work: Promise<T>): Promise<T> {
    let leave: (() => void) | undefined;
    const ended = new Promise<never>((_, reject) => {
      leave = () => reject(this.error ?? errorOfEnd('aborted'));
      this.signal.addEventListener('abort', leave);
      if (this.signal.aborted) leave();
    });
    try {
      return await Promise.race([work, ended]);
    } catch (error) {
      throw this.error ?? error;
    } finally {
      if (leave !== undefined) this.signal.removeEventListener('abort', leave);
      work.catch(() => undefined);
      ended.catch(() => undefined);
    }
  }

  /** The query has ended. */
  done(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener('abort', this.#onCaller);
  }
}

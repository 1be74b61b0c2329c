/** How many events a reader wants now; whoever gives none has no limit. */
export class Credit {
  #events: number;
  #waiting: (() => void) | undefined;

  constructor(events: number | undefined) {
    this.#events = events ?? Infinity;
  }

  get events(): number {
    return this.#events;
  }

  add(events: number): void {
    this.#events = Math.min(this.#events + events, Number.MAX_SAFE_INTEGER);
    this.#waiting?.();
  }

  take(events: number): void {
    this.#events -= events;
  }

  /** Resolves when there is some, or `signal` aborted. */
  available(signal: AbortSignal): Promise<void> {
    if (this.#events > 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        this.#waiting = undefined;
        signal.removeEventListener('abort', finish);
        resolve();
      };
      this.#waiting = finish;
      signal.addEventListener('abort', finish, { once: true });
    });
  }
}

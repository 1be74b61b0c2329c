/** Lets those who wait go on when something changed. */
export class WakeUp {
  #waiting = new Set<() => void>();

  notify(): void {
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const resolve of waiting) resolve();
  }

  /** Resolves at the next change, after `timeoutMs`, or when `signal` aborts. */
  wait(options: { timeoutMs?: number; signal?: AbortSignal | undefined } = {}): Promise<void> {
    const { timeoutMs, signal } = options;
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', finish);
        this.#waiting.delete(finish);
        resolve();
      };
      const timer = timeoutMs === undefined ? undefined : setTimeout(finish, timeoutMs);
      signal?.addEventListener('abort', finish, { once: true });
      this.#waiting.add(finish);
    });
  }
}

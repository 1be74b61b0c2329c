/** What a timer can wait for. */
const waitMsMax = 2 ** 31 - 1;

/** Does some work again and again beside everything else, and holds up no end of the process. */
export class RepeatedWork {
  readonly #turn: () => Promise<number>;
  readonly #retryMs: number;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #failure: string | null = null;

  /** `turn` resolves to the milliseconds until the next one; one that fails is tried again after `retryMs`. */
  constructor(turn: () => Promise<number>, { retryMs }: { readonly retryMs: number }) {
    this.#turn = turn;
    this.#retryMs = retryMs;
  }

  /** Why it failed the last time. */
  get failure(): string | null {
    return this.#failure;
  }

  /** At once, or after some time. */
  begin(waitMs?: number): void {
    if (this.#isClosed) return;
    if (waitMs === undefined) {
      void this.#run();
      return;
    }
    this.#timer = setTimeout(() => void this.#run(), Math.min(waitMs, waitMsMax));
    this.#timer.unref();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    let waitMs = this.#retryMs;
    try {
      waitMs = await this.#turn();
      this.#failure = null;
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
    }
    this.begin(waitMs);
  }
}

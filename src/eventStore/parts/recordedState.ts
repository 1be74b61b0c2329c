/** What is recorded in the log: read once, then changed by one change after the other. */
export class RecordedState {
  readonly #read: () => Promise<void>;
  #loaded: Promise<void> | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  /** `read` takes the state from the log; it is called again where it failed. */
  constructor(read: () => Promise<void>) {
    this.#read = read;
  }

  load(): Promise<void> {
    this.#loaded ??= this.#read().catch((error: unknown) => {
      // The next call tries again.
      this.#loaded = undefined;
      throw error;
    });
    return this.#loaded;
  }

  /** Resolves once it is loaded, or could not be, and all work has ended, well or not. */
  async settled(): Promise<void> {
    await this.inTurn(async () => undefined).catch(() => undefined);
  }

  /** Does some work when the state is loaded and all work before has ended, well or not. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(() => this.load()).then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

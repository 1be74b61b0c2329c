import type { SystemAccess } from './systemAccess.js';

/** What is recorded in the log: read once, then changed by one change after the other. */
export class RecordedState {
  readonly #log: Pick<SystemAccess, 'mustBeOpen'>;
  readonly #read: () => Promise<void>;
  #loaded: Promise<void> | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  /** `read` takes the state from the log; it is called again where it failed. */
  constructor(log: Pick<SystemAccess, 'mustBeOpen'>, read: () => Promise<void>) {
    this.#log = log;
    this.#read = read;
  }

  /** For callers of the store: rejects with `store_closed` as soon as that closes. */
  async load(): Promise<void> {
    this.#log.mustBeOpen();
    await this.loaded();
  }

  /** The same for parts of the store, which still write what they have while it closes. */
  loaded(): Promise<void> {
    this.#loaded ??= this.#read().catch((error: unknown) => {
      // The next call tries again.
      this.#loaded = undefined;
      throw error;
    });
    return this.#loaded;
  }

  /** Resolves once all work has ended, well or not. What nobody has asked for yet is not loaded for it. */
  async settled(): Promise<void> {
    await Promise.allSettled([this.#loaded, this.#turn]);
  }

  /**
   * Does some work when the state is loaded and all work before has ended, well or not. Rejects with
   * `store_closed` where the store closes already.
   */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#log.mustBeOpen();
    return this.#inTurn(work);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(() => this.loaded()).then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

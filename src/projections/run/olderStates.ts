import { setTimeout as wait } from 'node:timers/promises';
import type { ProjectionStorage, StateSpace } from '../storage/types.js';

/** The next start of the projection tries again. */
const triesMax = 10;
const retryMs = 500;
const retryMsMax = 30_000;

/** Removes the sets of states before one, beside what reads on: they may have many rows. */
export class OlderStates {
  readonly #storage: ProjectionStorage;
  readonly #space: StateSpace;
  #work: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;

  constructor(storage: ProjectionStorage, space: StateSpace) {
    this.#storage = storage;
    this.#space = space;
  }

  /** Begins where it is not under way. */
  drop(): void {
    if (this.#work !== undefined || this.#space.generation === 1) return;
    const stop = new AbortController();
    const done = this.#drop(stop.signal).finally(() => {
      this.#work = undefined;
    });
    this.#work = { stop, done };
  }

  /** Resolves once nothing is removed any more. */
  async stop(): Promise<void> {
    this.#work?.stop.abort();
    await this.#work?.done;
  }

  async #drop(signal: AbortSignal): Promise<void> {
    const older = { ...this.#space, generation: this.#space.generation - 1 };
    for (let attempt = 1; attempt <= triesMax && !signal.aborted; attempt += 1) {
      try {
        return await this.#storage.drop(older);
      } catch {
        const delayMs = Math.min(retryMs * 2 ** (attempt - 1), retryMsMax);
        await wait(delayMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}

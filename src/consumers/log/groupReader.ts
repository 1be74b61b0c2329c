import { AllSourceError } from '../../domain/index.js';
import { WakeUp } from '../../eventStore/index.js';
import { fillGroup } from './reading.js';
import type { ReadingOptions } from './reading.js';

interface GroupReaderOptions extends Omit<ReadingOptions, 'room' | 'signal'> {
  /** Told when it has failed: it reads no more until that is forgotten. */
  readonly onFailed: () => void;
}

/** Reads the log for a group while it has members. */
export class GroupReader {
  readonly #options: GroupReaderOptions;
  readonly #room = new WakeUp();
  #reading: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;
  #failure: AllSourceError | null = null;

  constructor(options: GroupReaderOptions) {
    this.#options = options;
  }

  /** Why members get nothing; null where they do. */
  get failure(): AllSourceError | null {
    return this.#failure;
  }

  fail(failure: AllSourceError): void {
    this.#failure = failure;
  }

  forgetFailure(): void {
    this.#failure = null;
  }

  /** There may be room again. */
  tellOfRoom(): void {
    this.#room.notify();
  }

  start(): void {
    if (this.#reading !== undefined || this.#failure !== null) return;
    const stop = new AbortController();
    const options = { ...this.#options, room: this.#room, signal: stop.signal };
    const done = fillGroup(options).catch((error: unknown) => {
      this.#failure = error instanceof AllSourceError ? error : readingFailed(error);
      this.#options.onFailed();
    });
    this.#reading = { stop, done };
  }

  async stop(): Promise<void> {
    const reading = this.#reading;
    this.#reading = undefined;
    reading?.stop.abort();
    await reading?.done;
  }
}

function readingFailed(cause: unknown): AllSourceError {
  return new AllSourceError('internal_error', 'the consumer could not read the log', { cause });
}

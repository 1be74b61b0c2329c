import { AllSourceError } from '../../domain/index.js';
import type { NewEvent } from '../../domain/index.js';
import type { Cursors } from './cursors.js';

/** Cursors that moved are written this long after they did. */
const saveDelayMs = 1000;

/** Writes the cursors of a consumer: now and then, and at once together with what a handler appends. */
export class CursorSaver {
  readonly #cursors: Cursors;
  readonly #current: () => readonly number[];
  /** Partitions of which something was done since their cursors were written. */
  #worked = new Set<number>();
  /** Partitions of which a commit is under way: their cursors are not written beside it. */
  readonly #committing = new Set<number>();
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  /** @param current the cursors of now; none while they are not to be written. */
  constructor(cursors: Cursors, current: () => readonly number[]) {
    this.#cursors = cursors;
    this.#current = current;
  }

  worked(partition: number): void {
    this.#worked.add(partition);
  }

  /** After a seek: what was done before it no longer counts. */
  forget(): void {
    this.#worked.clear();
  }

  async commit(events: readonly NewEvent[], partition: number, position: number): Promise<void> {
    this.#committing.add(partition);
    try {
      await this.#cursors.commit(events, partition, position);
    } finally {
      this.#committing.delete(partition);
    }
  }

  saveSoon(): void {
    if (this.#isStopped) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#save();
    }, saveDelayMs);
  }

  /** Nothing is written any more, but by `saveLast`. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  saveLast(): Promise<void> {
    return this.#save();
  }

  /** A cursor that could not be written is written later: until then events may come again. */
  async #save(): Promise<void> {
    const worked = this.#worked;
    this.#worked = new Set();
    try {
      await this.#cursors.save(this.#current, {
        isWanted: (partition) => worked.has(partition),
        isBusy: (partition) => this.#committing.has(partition),
      });
      // A commit writes the cursor itself, unless it fails.
      for (const partition of this.#committing) {
        if (worked.has(partition)) this.#worked.add(partition);
      }
    } catch (error) {
      for (const partition of worked) this.#worked.add(partition);
      const isFinal =
        error instanceof AllSourceError &&
        ['store_closed', 'storage_unavailable', 'append_outcome_unknown'].includes(error.code);
      if (!isFinal) this.saveSoon();
    }
  }
}

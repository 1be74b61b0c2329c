import type { FilesHold, ParquetFile, PlacedFile } from '../types.js';

/** Which files are being read: they are not removed meanwhile. */
export class HeldFiles {
  readonly #readers = new Map<string, number>();

  has(name: string): boolean {
    return this.#readers.has(name);
  }

  hold(files: readonly PlacedFile[]): FilesHold {
    this.#count(files, 1);
    return { files, release: () => this.#count(files, -1) };
  }

  #count(files: readonly ParquetFile[], by: 1 | -1): void {
    for (const { name } of files) {
      const readers = (this.#readers.get(name) ?? 0) + by;
      if (readers === 0) this.#readers.delete(name);
      else this.#readers.set(name, readers);
    }
  }
}

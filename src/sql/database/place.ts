import type { ColumnReader } from '../../columnar/index.js';
import { Database } from './database.js';
import type { DatabaseOptions } from './database.js';
import { Tail } from './tail.js';

export interface Opened {
  readonly database: Database;
  readonly tail: Tail;
}

/** A database with what it has of the log: closed when it was left, and the last query let go of it. */
export class Place {
  readonly #directories: readonly string[];
  readonly #opened: Promise<Opened>;
  #holders = 0;
  #isLeft = false;

  constructor(options: DatabaseOptions, columns: ColumnReader) {
    this.#directories = options.directories;
    this.#opened = open(options, columns);
    this.#opened.catch(() => (this.#isLeft = true));
  }

  covers(directories: readonly string[]): boolean {
    if (this.#isLeft) return false;
    return directories.every((directory) => this.#directories.includes(directory));
  }

  hold(): Promise<Opened> {
    this.#holders += 1;
    return this.#opened;
  }

  release(): void {
    this.#holders -= 1;
    this.#closeUnheld();
  }

  /** Nobody comes any more. */
  leave(): void {
    this.#isLeft = true;
    this.#closeUnheld();
  }

  #closeUnheld(): void {
    if (!this.#isLeft || this.#holders > 0) return;
    void this.#opened.then(
      ({ database }) => database.close(),
      () => undefined,
    );
  }
}

async function open(options: DatabaseOptions, columns: ColumnReader): Promise<Opened> {
  const database = await Database.open(options);
  return { database, tail: new Tail(database, columns) };
}

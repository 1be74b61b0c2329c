import type { Texts } from '../../columnar/index.js';
import { KeyTable } from './keyTable.js';
import { NumberList } from './numberList.js';

/** Keys that were there in one stretch of time, and numbers of each. */
interface Generation {
  readonly table: KeyTable;
  readonly numbers: readonly NumberList[];
}

/**
 * Numbers of keys that were there lately: what has not been there for a whole window may be forgotten, and
 * is after two. Keys that come are moved from the generation before to the one of now.
 */
export class RecentKeys {
  readonly #window: number;
  readonly #noun: string;
  /** What the numbers of a new key are. */
  readonly #initial: readonly number[];
  #recent: Generation;
  #older: Generation;
  #began = -Infinity;

  constructor(
    noun: string,
    options: { readonly window: number; readonly initial: readonly number[] },
  ) {
    this.#noun = noun;
    this.#window = options.window;
    this.#initial = options.initial;
    this.#recent = this.#generation();
    this.#older = this.#generation();
  }

  /** Where the keys of a batch are, which begins at a time; valid until the next batch. */
  placesOf({ offsets, bytes }: Texts, time: number): Int32Array {
    if (time - this.#began > this.#window) {
      this.#older = this.#recent;
      this.#recent = this.#generation();
      this.#began = time;
    }
    const places = new Int32Array(offsets.length - 1);
    const { table } = this.#recent;
    for (let text = 0; text < places.length; text += 1) {
      const [begin, end] = [offsets[text] ?? 0, offsets[text + 1] ?? 0];
      const { size } = table;
      const place = table.idOf(bytes, begin, end);
      if (table.size > size) this.#move(this.#older.table.find(bytes, begin, end), place);
      places[text] = place;
    }
    return places;
  }

  get(place: number, column: number): number {
    return this.#recent.numbers[column]?.get(place) ?? NaN;
  }

  set(place: number, column: number, value: number): void {
    this.#recent.numbers[column]?.set(place, value);
  }

  #move(from: number, to: number): void {
    if (from < 0) return;
    for (const [column, numbers] of this.#older.numbers.entries()) {
      this.set(to, column, numbers.get(from));
    }
  }

  #generation(): Generation {
    return {
      table: new KeyTable({ noun: this.#noun }),
      numbers: this.#initial.map((value) => new NumberList(value)),
    };
  }
}

import type { CodedTexts } from '../../columnar/index.js';
import type { KeyTable } from './keyTable.js';
import { NumberList } from './numberList.js';

export interface NamedCount {
  readonly name: string;
  readonly count: number;
}

/** How often each key of a table comes. */
export class KeyCounts {
  readonly #table: KeyTable;
  readonly #counts = new NumberList();

  constructor(table: KeyTable) {
    this.#table = table;
  }

  get distinct(): number {
    return this.#table.size;
  }

  /** Of all rows of a batch. */
  add({ codes, texts }: CodedTexts): void {
    const inBatch = new Int32Array(texts.offsets.length - 1);
    for (const code of codes) inBatch[code] = (inBatch[code] ?? 0) + 1;
    const ids = this.#table.idsOf(texts);
    for (let code = 0; code < ids.length; code += 1) {
      this.#counts.add(ids[code] ?? 0, inBatch[code] ?? 0);
    }
  }

  /** The same by the numbers of keys, one for each row. */
  addIds(ids: Int32Array): void {
    for (const id of ids) this.#counts.add(id, 1);
  }

  top(limit: number): readonly NamedCount[] {
    const top = new TopCounts(limit);
    const counts = this.#counts.view();
    for (let id = 0; id < counts.length; id += 1) {
      const count = counts[id] ?? 0;
      if (top.mayTake(count)) top.add({ name: this.#table.textOf(id), count });
    }
    return top.counts;
  }
}

/** The highest counts of many, by name where they are the same. */
export class TopCounts {
  readonly #limit: number;
  readonly counts: NamedCount[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  mayTake(count: number): boolean {
    const last = this.counts[this.#limit - 1];
    return last === undefined || count >= last.count;
  }

  add(one: NamedCount): void {
    if (!this.mayTake(one.count)) return;
    let [low, high] = [0, this.counts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.counts[middle];
      if (other !== undefined && isBefore(other, one)) low = middle + 1;
      else high = middle;
    }
    this.counts.splice(low, 0, one);
    if (this.counts.length > this.#limit) this.counts.pop();
  }
}

function isBefore(a: NamedCount, b: NamedCount): boolean {
  return a.count === b.count ? a.name < b.name : a.count > b.count;
}

import type { JsonValue } from '../../domain/index.js';

/** Buckets of one sign; with an accuracy of 1 % they span a factor of 10^17. */
const bucketsMax = 2_048;

/** Counts by bucket number, in order. It never changes. */
export class Buckets {
  readonly #numbers: readonly number[];
  readonly #counts: readonly number[];

  constructor(numbers: readonly number[] = [], counts: readonly number[] = []) {
    this.#numbers = numbers;
    this.#counts = counts;
  }

  static fromJson(json: JsonValue): Buckets {
    // toJson wrote it.
    const [numbers, counts] = json as readonly [readonly number[], readonly number[]];
    return new Buckets(numbers, counts);
  }

  get total(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** With one bucket too many, the two of the least numbers become one. */
  with(number: number, count = 1): Buckets {
    const numbers = [...this.#numbers];
    const counts = [...this.#counts];
    const at = placeOf(numbers, number);
    if (numbers[at] === number) counts[at] = (counts[at] ?? 0) + count;
    else {
      numbers.splice(at, 0, number);
      counts.splice(at, 0, count);
    }
    if (numbers.length > bucketsMax) {
      const [least = 0, next = 0] = counts;
      numbers.shift();
      counts.splice(0, 2, least + next);
    }
    return new Buckets(numbers, counts);
  }

  merge(other: Buckets): Buckets {
    return other.#numbers.reduce<Buckets>(
      (merged, number, at) => merged.with(number, other.#counts[at] ?? 0),
      this,
    );
  }

  /** The bucket that has the value of a rank, from 0 in the order of the numbers. */
  numberAt(rank: number): number {
    let before = 0;
    for (const [at, count] of this.#counts.entries()) {
      before += count;
      if (before > rank) return this.#numbers[at] ?? 0;
    }
    return this.#numbers.at(-1) ?? 0;
  }

  toJson(): JsonValue {
    return [this.#numbers, this.#counts];
  }
}

/** Where a number is or would be put in. */
function placeOf(numbers: readonly number[], number: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? 0) < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

import { NumberList } from '../tables/numberList.js';

/**
 * Numbers whose percentiles are wanted: all of them up to a bound, and beyond it as many, each of them drawn
 * with the same chance (a reservoir). The same numbers give the same sample.
 */
export class Sample {
  readonly #values = new NumberList();
  readonly #random = makeRandom();
  #valuesMax: number;
  #seen = 0;

  constructor(valuesMax: number) {
    this.#valuesMax = valuesMax;
  }

  get isWhole(): boolean {
    return this.#seen === this.#values.length;
  }

  add(value: number): void {
    const isRoom = this.isWhole && this.#values.length < this.#valuesMax;
    this.#seen += 1;
    if (isRoom) {
      this.#values.push(value);
      return;
    }
    const place = Math.floor(this.#random() * this.#seen);
    if (place < this.#values.length) this.#values.set(place, value);
  }

  /** Holds fewer from now on. */
  shrink(valuesMax: number): void {
    this.#valuesMax = valuesMax;
    const values = this.#values.view();
    if (values.length <= valuesMax) return;
    for (let at = 0; at < valuesMax; at += 1) {
      swap(values, at, at + Math.floor(this.#random() * (values.length - at)));
    }
    this.#values.truncate(valuesMax);
  }

  /** Between two values in proportion; NaN where there are none. */
  percentile(percentile: number): number {
    const values = this.#values.view();
    if (values.length === 0) return NaN;
    const place = (percentile / 100) * (values.length - 1);
    const below = Math.floor(place);
    const low = select(values, below, this.#random);
    if (place === below) return low;
    // What lies behind the selected place is not smaller.
    let high = Infinity;
    for (let at = below + 1; at < values.length; at += 1) high = Math.min(high, values[at] ?? high);
    return low + (high - low) * (place - below);
  }
}

/** The value that would be at a place if they were sorted; no smaller one lies behind it then. */
function select(values: Float64Array, place: number, random: () => number): number {
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const pivot = values[low + Math.floor(random() * (high - low + 1))] ?? 0;
    let [left, right] = [low, high];
    while (left <= right) {
      while ((values[left] ?? 0) < pivot) left += 1;
      while ((values[right] ?? 0) > pivot) right -= 1;
      if (left > right) break;
      swap(values, left, right);
      left += 1;
      right -= 1;
    }
    if (place <= right) high = right;
    else if (place >= left) low = left;
    else break;
  }
  return values[place] ?? NaN;
}

function swap(values: Float64Array, a: number, b: number): void {
  const value = values[a] ?? 0;
  values[a] = values[b] ?? 0;
  values[b] = value;
}

/** Numbers from 0 to 1, the same ones each time (mulberry32). */
function makeRandom(): () => number {
  let state = 0x2545f491;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

import { Failure } from '../../domain/index.js';
import type { JsonValue } from '../../domain/index.js';
import { numberOf } from './aggregate.js';
import type { Aggregate } from './aggregate.js';

/**
 * A sum with a second number for what was rounded off, so that 1e16 + 1 - 1e16 is 1: A. Neumaier,
 * "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54 (1974), method IV.
 */
export class Sum implements Aggregate {
  readonly count: number;
  readonly #isMean: boolean;
  readonly #sum: number;
  readonly #rest: number;

  constructor(isMean: boolean, count = 0, sum = 0, rest = 0) {
    this.#isMean = isMean;
    this.count = count;
    this.#sum = sum;
    this.#rest = rest;
  }

  static fromJson(isMean: boolean, json: JsonValue): Sum {
    // toJson wrote it.
    const [count, sum, rest] = json as readonly [number, number, number];
    return new Sum(isMean, count, sum, rest);
  }

  get value(): number | null {
    if (!this.#isMean) return this.#sum + this.#rest;
    // A tiny negative mean may be rounded to minus zero, which JSON does not keep.
    return this.count === 0 ? null : (this.#sum + this.#rest) / this.count + 0;
  }

  add(value: JsonValue | undefined): Sum | Failure {
    const number = numberOf(value);
    return number instanceof Failure ? number : this.#plus(number, 1);
  }

  merge(other: Aggregate): Sum | Failure {
    // All panes of a window have the same function.
    const same = other as Sum;
    const sum = this.#plus(same.#sum, same.count);
    return sum instanceof Failure ? sum : sum.#plus(same.#rest, 0);
  }

  toJson(): JsonValue {
    return [this.count, this.#sum, this.#rest];
  }

  #plus(number: number, count: number): Sum | Failure {
    const sum = this.#sum + number;
    const isLarger = Math.abs(this.#sum) >= Math.abs(number);
    const lost = isLarger ? this.#sum - sum + number : number - sum + this.#sum;
    const rest = this.#rest + lost;
    if (!Number.isFinite(sum + rest)) return new Failure('expected a sum in the range of a double');
    return new Sum(this.#isMean, this.count + count, sum, rest);
  }
}

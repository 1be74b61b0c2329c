import { Failure } from '../../domain/index.js';
import type { JsonValue } from '../../domain/index.js';
import { numberOf } from './aggregate.js';
import type { Aggregate } from './aggregate.js';
import { Buckets } from './buckets.js';

/** A percentile is off by 1 % of the true one at most. */
const relativeAccuracy = 0.01;
const logGamma = Math.log((1 + relativeAccuracy) / (1 - relativeAccuracy));
/** Smaller ones can't be told apart by 1 % and count as zero: the least normal double. */
const leastMagnitude = 2.2250738585072014e-308;

/**
 * A percentile of numbers by DDSketch: C. Masson, J. E. Rim, H. K. Lee, "DDSketch: a fast and
 * fully-mergeable quantile sketch with relative-error guarantees", PVLDB 12 (2019). Where the buckets of
 * a sign are too many, those nearest to zero are joined, and only percentiles among them are less exact.
 */
export class Percentile implements Aggregate {
  readonly count: number;
  readonly #percent: number;
  readonly #negative: Buckets;
  readonly #zeros: number;
  readonly #positive: Buckets;

  constructor(
    percent: number,
    { negative = new Buckets(), zeros = 0, positive = new Buckets() } = {},
    count = 0,
  ) {
    this.#percent = percent;
    this.count = count;
    this.#negative = negative;
    this.#zeros = zeros;
    this.#positive = positive;
  }

  static fromJson(percent: number, json: JsonValue): Percentile {
    // toJson wrote it.
    const [count, zeros, ...signs] = json as readonly [number, number, JsonValue, JsonValue];
    const [negative, positive] = [Buckets.fromJson(signs[0]), Buckets.fromJson(signs[1])];
    return new Percentile(percent, { negative, zeros, positive }, count);
  }

  /** The value of rank `floor(percent * (count - 1) / 100)`, from 0. */
  get value(): number | null {
    if (this.count === 0) return null;
    const rank = Math.floor((this.#percent * (this.count - 1)) / 100);
    const negatives = this.count - this.#zeros - this.#positive.total;
    // The least of the negative numbers has the greatest magnitude.
    if (rank < negatives) return -magnitudeOf(this.#negative.numberAt(negatives - 1 - rank));
    if (rank < negatives + this.#zeros) return 0;
    return magnitudeOf(this.#positive.numberAt(rank - negatives - this.#zeros));
  }

  add(value: JsonValue | undefined): Percentile | Failure {
    const number = numberOf(value);
    if (number instanceof Failure) return number;
    const parts = { negative: this.#negative, zeros: this.#zeros, positive: this.#positive };
    if (Math.abs(number) < leastMagnitude) parts.zeros += 1;
    else if (number > 0) parts.positive = parts.positive.with(bucketOf(number));
    else parts.negative = parts.negative.with(bucketOf(-number));
    return new Percentile(this.#percent, parts, this.count + 1);
  }

  merge(other: Aggregate): Percentile {
    // All panes of a window have the same function.
    const same = other as Percentile;
    return new Percentile(
      this.#percent,
      {
        negative: this.#negative.merge(same.#negative),
        zeros: this.#zeros + same.#zeros,
        positive: this.#positive.merge(same.#positive),
      },
      this.count + same.count,
    );
  }

  toJson(): JsonValue {
    return [this.count, this.#zeros, this.#negative.toJson(), this.#positive.toJson()];
  }
}

function bucketOf(magnitude: number): number {
  return Math.ceil(Math.log(magnitude) / logGamma);
}

/** In the middle of the bucket, as relative errors go; the last one ends beyond the doubles. */
function magnitudeOf(bucket: number): number {
  const middle = Math.exp(bucket * logGamma + Math.log1p(-relativeAccuracy));
  return Math.min(middle, Number.MAX_VALUE);
}

const bucketsPerDoubling = 16;
const buckets = 40 * bucketsPerDoubling;

/** Counts of durations in buckets that are 4.4 % wide: bounded, however long the run. */
export class Histogram {
  #counts = new Float64Array(buckets);
  count = 0;
  maxMs = 0;

  /** @param {number} ms */
  add(ms) {
    const micros = Math.max(1, ms * 1000);
    const bucket = Math.min(buckets - 1, Math.floor(Math.log2(micros) * bucketsPerDoubling));
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.count += 1;
    this.maxMs = Math.max(this.maxMs, ms);
  }

  /**
   * Upper end of the bucket of this quantile, in milliseconds.
   *
   * @param {number} fraction
   */
  quantile(fraction) {
    let left = this.count * fraction;
    for (let bucket = 0; bucket < buckets; bucket++) {
      left -= this.#counts[bucket] ?? 0;
      if (left <= 0) return Math.min(this.maxMs, 2 ** ((bucket + 1) / bucketsPerDoubling) / 1000);
    }
    return this.maxMs;
  }
}

/** Histograms by the kind of an operation. */
export class Latencies {
  /** @type {Map<string, Histogram>} */
  #kinds = new Map();

  /**
   * @param {string} kind
   * @param {number} ms
   */
  add(kind, ms) {
    let histogram = this.#kinds.get(kind);
    if (histogram === undefined) this.#kinds.set(kind, (histogram = new Histogram()));
    histogram.add(ms);
  }

  toRows() {
    return [...this.#kinds].sort().map(([kind, histogram]) => ({
      kind,
      count: histogram.count,
      p50: histogram.quantile(0.5),
      p99: histogram.quantile(0.99),
      p999: histogram.quantile(0.999),
      max: histogram.maxMs,
    }));
  }
}

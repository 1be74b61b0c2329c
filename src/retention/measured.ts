import type { SystemAccess } from '../eventStore/index.js';
import type { ParquetTier } from '../parquet/index.js';
import type { Group, MeasuredSegment } from './plan.js';

/** What the segments of the log have. Nothing changes in one that is sealed: it is measured once. */
export class Measured {
  readonly #log: SystemAccess;
  readonly #tier: ParquetTier;
  /** By first position. */
  readonly #known = new Map<number, readonly Group[]>();

  constructor(log: SystemAccess, tier: ParquetTier) {
    this.#log = log;
    this.#tier = tier;
  }

  async segments(signal: AbortSignal | undefined): Promise<readonly MeasuredSegment[]> {
    const sealed = await this.#tier.sealedSegments();
    for (const first of this.#known.keys()) {
      if (first < this.#log.logBegin) this.#known.delete(first);
    }
    const active = {
      firstPosition: (sealed.at(-1)?.lastPosition ?? this.#log.logBegin - 1) + 1,
      lastPosition: Math.max(this.#log.watermark, 1),
    };
    const ranges = [
      ...sealed.filter(({ firstPosition }) => !this.#known.has(firstPosition)),
      active,
    ];
    const measured = [];
    for await (const groups of this.#tier.measure(ranges, signal)) measured.push(groups);
    for (const [i, { firstPosition }] of ranges.slice(0, -1).entries()) {
      this.#known.set(firstPosition, measured[i] ?? []);
    }
    return [
      ...sealed.map((segment) => ({
        ...segment,
        groups: this.#known.get(segment.firstPosition) ?? [],
        isSealed: true,
      })),
      { ...active, groups: measured.at(-1) ?? [], isSealed: false },
    ];
  }
}

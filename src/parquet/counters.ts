import { isBrokenOff } from '../domain/index.js';
import type { CompactionReport, ParquetCounts } from './types.js';

/** Compactions whose time is remembered, for who looks now and then. */
const secondsMax = 256;

/** Counts what the tier does while the store is open. */
export class TierCounters {
  #compactions = 0;
  #secondsOfLast: readonly number[] = [];
  #failed = 0;
  #filesWritten = 0;
  #filesMerged = 0;
  #bytesSaved = 0;

  counts(): Omit<ParquetCounts, 'failure'> {
    return {
      compactions: this.#compactions,
      secondsOfLast: this.#secondsOfLast,
      failed: this.#failed,
      filesWritten: this.#filesWritten,
      filesMerged: this.#filesMerged,
      bytesSaved: this.#bytesSaved,
    };
  }

  /** Also of one that did not come to its end: what was recorded of it stays. */
  add({ durationMs, ...report }: CompactionReport): void {
    this.#filesWritten += report.filesWritten;
    if (report.filesCompacted === 0) return;
    this.#compactions += 1;
    this.#secondsOfLast = [...this.#secondsOfLast, durationMs / 1000].slice(-secondsMax);
    this.#filesMerged += report.filesCompacted;
    this.#bytesSaved += Math.max(report.bytesBefore - report.bytesAfter, 0);
  }

  fail(error: unknown): void {
    if (!isBrokenOff(error)) this.#failed += 1;
  }
}

import { isBrokenOff } from '../domain/index.js';
import type { RetentionCounts, RetentionReport } from './types.js';

/** Counts what retention does while the store is open. */
export class RetentionCounters {
  #runs = 0;
  #failed = 0;
  #segmentsDropped = 0;
  #eventsDropped = 0;

  counts(): Omit<RetentionCounts, 'failure'> {
    return {
      runs: this.#runs,
      failed: this.#failed,
      segmentsDropped: this.#segmentsDropped,
      eventsDropped: this.#eventsDropped,
    };
  }

  add({ dryRun, segments, events }: RetentionReport): void {
    if (dryRun) return;
    this.#runs += 1;
    this.#segmentsDropped += segments;
    this.#eventsDropped += events;
  }

  fail(error: unknown): void {
    if (!isBrokenOff(error)) this.#failed += 1;
  }
}

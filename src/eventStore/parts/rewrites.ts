import { recordEvent } from './records.js';
import type { SystemAccess } from './systemAccess.js';

const rewritten = 'log.rewritten';

/** Records are written again before what lies before them is dropped; this remembers where. */
export class Rewrites {
  readonly #log: SystemAccess;

  constructor(log: SystemAccess) {
    this.#log = log;
  }

  /** Does so, and records that all of it lies between two positions. */
  async record(rewrite: () => Promise<void>): Promise<void> {
    const from = this.#log.watermark + 1;
    await rewrite();
    // There were none.
    if (this.#log.watermark < from) return;
    await this.#log.append([recordEvent(rewritten, 'log', { from })]);
  }

  /**
   * With which position a log that begins with `firstPosition` can end and have all records: where it
   * ends before, some are neither where they were first nor where they were written again.
   */
  async wholeFrom(firstPosition: number): Promise<number> {
    if (firstPosition === 1) return 1;
    for await (const { position, payload } of this.#log.read({ eventType: rewritten })) {
      // Only `record` makes these events.
      if ((payload as { readonly from: number }).from >= firstPosition) return position;
    }
    return firstPosition;
  }
}

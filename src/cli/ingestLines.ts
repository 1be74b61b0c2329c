import { setImmediate } from 'node:timers/promises';
import type { LineBatch } from './lineBatches.js';
import type { WireBatchResult } from './target/index.js';

/** What is known to be stored: always a beginning of the input, without gaps. */
export interface Acknowledged {
  /** Events of the acknowledged lines, deduplicated ones too. */
  readonly events: number;
  /** Lines of the input, from its first; what `--skip-lines` takes. */
  readonly lines: number;
  /** Events that were known with the same content already. */
  readonly deduplicated: number;
  /** Position of the last event written; 0 where none was. */
  readonly lastPosition: number;
  readonly inputBytes: number;
}

export interface IngestOutcome {
  readonly acknowledged: Acknowledged;
  /** Why it ended before the end of the input; undefined where it did not. */
  readonly failure: { readonly error: unknown; readonly batch: LineBatch | null } | undefined;
  /** Events behind the failed batch that were stored all the same. */
  readonly eventsBehindFailure: number;
}

export interface IngestLinesOptions {
  readonly append: (bytes: Uint8Array) => Promise<WireBatchResult>;
  /** Batches that wait for their answer at a time. */
  readonly inFlight: number;
  readonly skippedLines: number;
  readonly onAcknowledged: (acknowledged: Acknowledged) => Promise<void>;
}

type Settled = { readonly batch: LineBatch } & (
  { readonly result: WireBatchResult } | { readonly error: unknown }
);

const nothingWritten: WireBatchResult = { ingested: 0, first_position: 0, last_position: 0 };

/**
 * Appends the batches in order, several at a time, and reports each once everything before it is
 * acknowledged too. After a failure nothing more is sent. Does not reject for a failed batch.
 */
export async function ingestLines(
  batches: AsyncIterable<LineBatch>,
  options: IngestLinesOptions,
): Promise<IngestOutcome> {
  const run = new IngestRun(options);
  try {
    for await (const batch of batches) {
      if (!(await run.send(batch))) break;
    }
  } catch (error) {
    await run.finish();
    return run.outcome({ error, batch: null });
  }
  await run.finish();
  return run.outcome(undefined);
}

class IngestRun {
  readonly #options: IngestLinesOptions;
  /** One promise for each batch under way, in order; none of them rejects. */
  readonly #window: Promise<void>[] = [];
  #lastRecorded: Promise<void> = Promise.resolve();
  #refused = false;
  #failure: IngestOutcome['failure'];
  #eventsBehindFailure = 0;
  #acknowledged: Acknowledged;

  constructor(options: IngestLinesOptions) {
    this.#options = options;
    const none = { events: 0, deduplicated: 0, lastPosition: 0, inputBytes: 0 };
    this.#acknowledged = { ...none, lines: options.skippedLines };
  }

  /** False once a batch was refused and no further one may be sent. */
  async send(batch: LineBatch): Promise<boolean> {
    const settled = this.#append(batch);
    this.#lastRecorded = this.#lastRecorded.then(async () => this.#record(await settled));
    this.#window.push(this.#lastRecorded);
    // A batch that is refused at once (a bad line) is seen here, before the next one goes out.
    await setImmediate();
    while (!this.#refused && this.#window.length >= this.#options.inFlight) {
      await this.#window.shift();
    }
    return !this.#refused;
  }

  async finish(): Promise<void> {
    await this.#lastRecorded;
  }

  outcome(inputFailure: IngestOutcome['failure']): IngestOutcome {
    return {
      acknowledged: this.#acknowledged,
      failure: this.#failure ?? inputFailure,
      eventsBehindFailure: this.#eventsBehindFailure,
    };
  }

  async #append(batch: LineBatch): Promise<Settled> {
    try {
      const result = batch.events === 0 ? nothingWritten : await this.#options.append(batch.bytes);
      return { batch, result };
    } catch (error) {
      this.#refused = true;
      return { batch, error };
    }
  }

  async #record(settled: Settled): Promise<void> {
    if ('error' in settled) {
      this.#failure ??= settled;
      return;
    }
    if (this.#failure !== undefined) {
      this.#eventsBehindFailure += settled.batch.events;
      return;
    }
    const { batch, result } = settled;
    const before = this.#acknowledged;
    this.#acknowledged = {
      events: before.events + batch.events,
      lines: before.lines + batch.lines,
      deduplicated: before.deduplicated + batch.events - result.ingested,
      lastPosition: Math.max(before.lastPosition, result.last_position),
      inputBytes: batch.inputBytes,
    };
    try {
      await this.#options.onAcknowledged(this.#acknowledged);
    } catch (error) {
      this.#refused = true;
      this.#failure = { error, batch: null };
    }
  }
}

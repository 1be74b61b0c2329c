import { RepeatedWork } from '../domain/index.js';
import type { CompactionConfig, CompactionReport } from './types.js';

/** How soon a segment gets its file once it is sealed. */
const lookMsMax = 60_000;
const retryMs = 300_000;

interface Work {
  writeSealed(): Promise<void>;
  compact(): Promise<CompactionReport>;
}

/** Writes files of sealed segments soon, and merges files at each interval. */
export class ParquetSchedule {
  readonly #work: Work;
  readonly #intervalMs: number;
  readonly #lookMs: number;
  readonly #repeated = new RepeatedWork(() => this.#turn(), { retryMs });
  #mergedMs: number;

  constructor(work: Work, { intervalSeconds }: CompactionConfig) {
    this.#work = work;
    this.#intervalMs = intervalSeconds * 1000;
    this.#lookMs = Math.min(this.#intervalMs, lookMsMax);
    this.#mergedMs = performance.now();
  }

  /** Why it could not be done the last time. */
  get failure(): string | null {
    return this.#repeated.failure;
  }

  begin(): void {
    this.#repeated.begin(this.#lookMs);
  }

  close(): void {
    this.#repeated.close();
  }

  async #turn(): Promise<number> {
    if (performance.now() - this.#mergedMs < this.#intervalMs) await this.#work.writeSealed();
    else {
      await this.#work.compact();
      this.#mergedMs = performance.now();
    }
    return this.#lookMs;
  }
}

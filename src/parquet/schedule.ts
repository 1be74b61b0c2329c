import type { CompactionConfig, CompactionReport } from './types.js';

/** How soon a segment gets its file once it is sealed. */
const lookMs = 60_000;
const retryMs = 300_000;

interface Work {
  writeSealed(): Promise<void>;
  compact(): Promise<CompactionReport>;
}

/** Writes files of sealed segments soon, and merges files at each interval. */
export class ParquetSchedule {
  readonly #work: Work;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;
  #mergedMs: number;
  #isClosed = false;
  #failure: string | null = null;

  constructor(work: Work, { intervalSeconds }: CompactionConfig) {
    this.#work = work;
    this.#intervalMs = intervalSeconds * 1000;
    this.#mergedMs = performance.now();
  }

  /** Why it could not be done the last time. */
  get failure(): string | null {
    return this.#failure;
  }

  begin(): void {
    this.#wait(Math.min(this.#intervalMs, lookMs));
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #wait(ms: number): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => void this.#turn(), ms);
    this.#timer.unref();
  }

  /** Never rejects: what fails is tried again. */
  async #turn(): Promise<void> {
    let waitMs = Math.min(this.#intervalMs, lookMs);
    try {
      if (performance.now() - this.#mergedMs < this.#intervalMs) await this.#work.writeSealed();
      else {
        await this.#work.compact();
        this.#mergedMs = performance.now();
      }
      this.#failure = null;
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
      waitMs = retryMs;
    }
    this.#wait(waitMs);
  }
}

import { setTimeout as wait } from 'node:timers/promises';
import { connect } from '../../src/client/node.js';
import { AllSourceError } from '../../src/index.js';
import type {
  EventBatch,
  StoredEvent,
  SubscribeOptions,
  SubscriptionFilter,
} from '../../src/index.js';
import type { Random } from '../crash/random.js';
import { isMatch, pick, randomFilter } from './filters.js';

const timeoutMs = 1_500;
/** A session that is to be abandoned ends after so many batches, or so many milliseconds, at most. */
const batchesMax = 6;
const sessionMsMax = 2_500;

export interface SubscriberOptions {
  readonly url: string;
  readonly tenantId: string;
  readonly random: Random;
  /** The end of the log at this moment. */
  readonly watermark: () => Promise<number>;
}

/** Reads matching events through a proxy, in sessions: each goes on behind the last one's checkpoint. */
export class Subscriber {
  readonly #options: SubscriberOptions;
  readonly #filter: SubscriptionFilter;
  readonly #pauseMs: number;
  readonly #from: 'beginning' | 'now' | 'position';
  readonly #events: StoredEvent[] = [];
  readonly #problems: string[] = [];
  #begin: NonNullable<SubscribeOptions['from']> = 'beginning';
  /** Events at or before it are not asked for. */
  #beforeFirst = 0;
  #firstBatch: EventBatch | undefined;
  #position = 0;
  #goal = Infinity;
  #isSettling = false;
  #session = new AbortController();
  sessions = 0;

  constructor(options: SubscriberOptions) {
    const { random } = options;
    this.#options = options;
    this.#filter = randomFilter(random, true);
    this.#pauseMs = random(3) === 0 ? 5 + random(25) : 0;
    this.#from = pick(random, ['beginning', 'beginning', 'now', 'position']);
  }

  get count(): number {
    return this.#events.length;
  }

  /** Ends once it has read up to the goal that `finish` gives. */
  async run(): Promise<void> {
    await this.#choosePlace();
    while (this.#position < this.#goal) {
      await this.#readForAWhile();
      if (!this.#isSettling) await wait(this.#options.random(300));
    }
  }

  /** No session is abandoned any more; the last one goes on to the last matching event. */
  finish(log: readonly StoredEvent[]): void {
    this.#isSettling = true;
    // One that began behind it has to be told that it is at the end.
    const last = log.findLast((event) => isMatch(this.#filter, event));
    this.#goal = Math.max(last?.position ?? 0, 1);
    if (this.#position >= this.#goal) this.#session.abort();
  }

  describe(): string {
    return `subscriber from ${JSON.stringify(this.#from)} of ${JSON.stringify(this.#filter)}`;
  }

  /** What came after `log` was read may have been seen, or not. */
  check(log: readonly StoredEvent[]): string[] {
    const matching = log.filter(
      (event) => event.position > this.#beforeFirst && isMatch(this.#filter, event),
    );
    const first = this.#firstBatch;
    if (first === undefined) {
      // One that began behind the end has nothing to wait for.
      const isRight = this.#from === 'position' && matching.length === 0;
      return isRight ? [] : [`${this.describe()}: was given nothing`];
    }
    // Where `now` was is known by the first batch only.
    const begin = first.events[0]?.position ?? first.position + 1;
    const wanted = matching.filter((event) => this.#from !== 'now' || event.position >= begin);
    const end = log.at(-1)?.position ?? 0;
    const seen = this.#events.filter(({ position }) => position <= end);
    const problems = this.#problems.map((problem) => `${this.describe()}: ${problem}`);
    const at = wanted.findIndex((event, i) => JSON.stringify(event) !== JSON.stringify(seen[i]));
    if (at < 0 && seen.length === wanted.length) return problems;
    const got = JSON.stringify(seen[at < 0 ? wanted.length : at]);
    const counts = `saw ${seen.length} of ${wanted.length}`;
    const told = `in place ${at}: ${got} for ${JSON.stringify(wanted[at])}`;
    return [...problems, `${this.describe()}: ${counts}, ${told}`];
  }

  async #choosePlace(): Promise<void> {
    const { random, watermark } = this.#options;
    if (this.#from === 'beginning') return;
    if (this.#from === 'now') {
      await wait(random(400));
      this.#beforeFirst = await watermark();
      this.#begin = 'now';
    } else {
      const first = Math.max((await watermark()) - 10, 0) + random(40);
      this.#begin = first;
      this.#beforeFirst = Math.max(first, 1) - 1;
      this.#position = this.#beforeFirst;
    }
  }

  /** One client, one subscription; it may be left at any point. */
  async #readForAWhile(): Promise<void> {
    const { url, tenantId, random } = this.#options;
    this.sessions += 1;
    const client = connect(url, { timeoutMs, retryForMs: random(2) * 10_000 });
    this.#session = new AbortController();
    const { signal } = this.#session;
    let batchesLeft = 1 + random(batchesMax);
    const timer = setTimeout(() => this.#abandon(), 50 + random(sessionMsMax));
    const options = { tenantId, filter: this.#filter, from: this.#begin, signal };
    try {
      for await (const batch of client.subscribe(options)) {
        this.#take(batch);
        if (this.#position >= this.#goal) break;
        if (this.#pauseMs > 0) await wait(this.#pauseMs);
        if (!this.#isSettling && --batchesLeft === 0) break;
      }
    } catch (error) {
      if (!isUnreachable(error)) this.#problems.push(String(error));
      await wait(50 + random(200));
    } finally {
      clearTimeout(timer);
      await client.close();
    }
  }

  #abandon(): void {
    if (!this.#isSettling) this.#session.abort();
  }

  #take(batch: EventBatch): void {
    if (this.#firstBatch === undefined) {
      this.#firstBatch = batch;
      if (this.#begin === 'now') this.#position = this.#beforeFirst;
    }
    const { events, position } = batch;
    if (position < this.#position) this.#problems.push(`${position} after ${this.#position}`);
    for (const event of events) {
      if (event.position > this.#position && event.position <= position) continue;
      this.#problems.push(`event ${event.position} between ${this.#position} and ${position}`);
    }
    this.#events.push(...events);
    this.#position = position;
    this.#begin = position + 1;
  }
}

export function isUnreachable(error: unknown): boolean {
  return error instanceof AllSourceError && error.code === 'server_unreachable';
}

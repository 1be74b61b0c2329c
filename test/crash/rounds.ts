import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openEventStore } from '../../src/index.js';
import type { EmbeddedStore, StoredEvent } from '../../src/index.js';
import { checkAnswers } from './answers.js';
import {
  Violation,
  checkAcknowledged,
  checkNumbers,
  checkSeen,
  checkWhole,
  readAll,
} from './history.js';
import type { Random } from './random.js';
import { type Strike, type Told, type VictimOptions, killStrike, runVictim } from './runVictim.js';

/** The smallest that the engine takes, and two more. */
const segmentSizes = [64 * 1024, 128 * 1024, 256 * 1024];

/** One round in this many reads all of history by entity and type; the others the newest. */
const wholeCheckEvery = 5;

export interface CrashOptions {
  readonly dataDir: string;
  readonly random: Random;
  /** How a victim is ended; default: SIGKILL. */
  readonly strike?: Strike;
  readonly durability?: 'sync' | 'async';
  /** Acknowledged appends of a run with more than one in flight, at most. */
  readonly appendsMax?: number;
  /** More of the victim's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface RoundResult {
  readonly crashes: number;
  readonly acknowledged: number;
  readonly seen: number;
  readonly events: number;
  /** Index files that the opening after the crash used. */
  readonly indexFiles: number;
  /** Files that the crash left half made: of indexes, and of segments in preparation. */
  readonly halfMade: { readonly indexes: number; readonly segments: number };
}

/** A store that is crashed again and again, and what is known of it. */
export class CrashedStore {
  readonly #options: Required<CrashOptions>;
  readonly #segmentBytesMax: number;
  #run = 0;
  /** Ids of all events by position - 1, as the last check found them. */
  #ids: string[] = [];

  constructor(options: CrashOptions) {
    const defaults = { strike: killStrike, durability: 'sync', appendsMax: 400, env: {} } as const;
    this.#options = { ...defaults, ...options };
    this.#segmentBytesMax = segmentSizes[options.random(segmentSizes.length)] ?? 0;
  }

  /**
   * Crashes a victim, opens the store and checks everything; throws at the first fault. Every other
   * round crashes one or two more before anything is checked: in their recovery, or behind it.
   */
  async round(): Promise<RoundResult> {
    const { dataDir, random, strike } = this.#options;
    const crashes = random(2) === 0 ? 1 : 2 + random(2);
    const told: Told[] = [];
    while (told.length < crashes) told.push(await runVictim(this.#nextVictim(), strike));
    const acknowledged = told.flatMap((one) => one.acknowledged);
    const seen = told.flatMap((one) => one.seen);
    const halfMade = await countHalfMade(dataDir);
    const store = await openEventStore({
      dataDir,
      segmentBytesMax: this.#segmentBytesMax,
      snapshots: { automatic: false },
    });
    try {
      const { indexFiles } = store.counters();
      const events = await this.#check(store, { acknowledged, seen });
      const counts = { acknowledged: acknowledged.length, seen: seen.length, events };
      return { crashes, ...counts, indexFiles, halfMade };
    } finally {
      await store.close();
    }
  }

  /** One run in eight is struck while it opens, recovers and starts; the others after some appends. */
  #nextVictim(): VictimOptions {
    const { dataDir, random, durability, appendsMax, env } = this.#options;
    this.#run += 1;
    const inFlight = [1, 4, 16, 64][random(4)] ?? 1;
    const acknowledged = 1 + random(inFlight === 1 ? Math.min(appendsMax, 400) : appendsMax);
    return {
      dataDir,
      run: this.#run,
      seed: random(2 ** 31),
      inFlight,
      segmentBytesMax: this.#segmentBytesMax,
      durability,
      strikeAfter: {
        acknowledged: random(8) === 0 ? 0 : acknowledged,
        openingMs: random(40),
      },
      env,
    };
  }

  async #check(store: EmbeddedStore, { acknowledged, seen }: Told): Promise<number> {
    if (store.damage !== null) throw new Violation(`damage: ${JSON.stringify(store.damage)}`);
    const events = await readAll(store);
    checkNumbers(events, store.watermark);
    this.#checkHistory(events);
    checkWhole(events);
    checkAcknowledged(events, acknowledged);
    checkSeen(events, seen);
    const report = await store.verify();
    if (!report.ok) throw new Violation(`verify: ${JSON.stringify(report.files)}`);
    const { random } = this.#options;
    await checkAnswers(store, events, { random, whole: random(wholeCheckEvery) === 0 });
    await this.#retry(store, events);
    const { indexFailures } = store.counters();
    if (indexFailures > 0) throw new Violation(`${indexFailures} index files were not written`);
    if (store.watermark !== events.length) throw new Violation('a retry was written');
    this.#ids = events.map(({ id }) => id);
    return events.length;
  }

  /** What was there after the round before is there still, in the same places. */
  #checkHistory(events: readonly StoredEvent[]): void {
    for (const [index, id] of this.#ids.entries()) {
      if (events[index]?.id === id) continue;
      throw new Violation(`position ${index + 1} is not ${id} any more`);
    }
  }

  /** Some of the last events again, under their ids: known, and written no second time. */
  async #retry(store: EmbeddedStore, events: readonly StoredEvent[]): Promise<void> {
    for (const event of events.slice(-20)) {
      const { eventType, entityId, tenantId, payload, id: eventId } = event;
      const again = await store.append({ eventType, entityId, tenantId, payload, eventId });
      if (again.deduplicated && again.position === event.position) continue;
      throw new Violation(`event ${eventId} of position ${event.position} was written again`);
    }
  }
}

async function countHalfMade(dataDir: string): Promise<RoundResult['halfMade']> {
  const names = await readdir(join(dataDir, 'log')).catch(() => []);
  return {
    indexes: names.filter((name) => name.endsWith('.idx.tmp')).length,
    segments: names.filter((name) => /^prepared-.*\.tmp$/.test(name)).length,
  };
}

/** Sum of several rounds, and a line that says it. */
export class Tally {
  crashes = 0;
  acknowledged = 0;
  seen = 0;
  events = 0;
  indexFiles = 0;
  halfMadeIndexes = 0;
  halfMadeSegments = 0;

  add(result: RoundResult): void {
    this.crashes += result.crashes;
    this.acknowledged += result.acknowledged;
    this.seen += result.seen;
    this.events += result.events;
    this.indexFiles += result.indexFiles;
    this.halfMadeIndexes += result.halfMade.indexes;
    this.halfMadeSegments += result.halfMade.segments;
  }

  toString(): string {
    return (
      `${this.acknowledged} appends acknowledged and ${this.seen} events seen by readers, 0 lost; ` +
      `${this.events} events checked, ${this.indexFiles} index files used at open; ` +
      `half made at the crash: ${this.halfMadeIndexes} index files, ` +
      `${this.halfMadeSegments} segments in preparation`
    );
  }
}

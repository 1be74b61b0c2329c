import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { mix } from './events.mjs';
import { Latencies } from './latency.mjs';
import { Partitions } from './partitions.mjs';
import { StoreRun } from './storeRun.mjs';
import { Watch } from './watch.mjs';

/** Shares of a cycle: kills first, then the same process for the rest. */
const stormShare = 0.4;
const cyclesMax = 3;
const longRunSeconds = 300;
/** Over the whole run there is one end of the server in 20 s on average. */
const secondsPerEndMax = 100;
/** Mean pause between kills. */
const killEveryMs = { long: 8_000, short: 1_200 };
const dropEveryMs = { long: 20_000, short: 2_000 };
const tickMs = 50;

/**
 * @typedef {object} SoakContext
 * @property {import('./options.mjs').SoakOptions} options
 * @property {Latencies} latencies
 * @property {Watch} watch
 * @property {Partitions} partitions
 * @property {number[]} opensMs times from the start of a process until it listened
 */

/** Runs stores until the time is over, and keeps what is to be reported. */
export class Soak {
  /** @type {SoakContext} */
  context;
  counts = { kills: 0, killsAtStart: 0, stops: 0, drops: 0, stores: 0 };
  /** @type {StoreRun[]} */
  runs = [];
  /** Kept where something broke. */
  dataDir = '';
  #begun = performance.now();
  #random = 0;

  /** @param {import('./options.mjs').SoakOptions} options */
  constructor(options) {
    this.context = {
      options,
      latencies: new Latencies(),
      watch: new Watch(),
      partitions: new Partitions(),
      opensMs: [],
    };
  }

  get secondsDone() {
    return (performance.now() - this.#begun) / 1000;
  }

  async run() {
    const { options } = this.context;
    while (this.secondsDone < options.seconds) {
      this.dataDir = mkdtempSync(join(options.dataDir, 'store-'));
      const seed = options.seed + this.counts.stores;
      this.counts.stores += 1;
      const run = new StoreRun(this.context, { dataDir: this.dataDir, seed });
      this.runs.push(run);
      await run.run((started) => this.#disturb(started));
      rmSync(this.dataDir, { recursive: true });
    }
  }

  /** Kills, stops and broken connections, until the time is over or the store is full. */
  async #disturb(/** @type {StoreRun} */ run) {
    const { options, watch } = this.context;
    const isLong = options.seconds >= longRunSeconds;
    const cycles = isLong ? cyclesMax : 1;
    const cycleSeconds = options.seconds / cycles;
    let nextKill = this.#pause(isLong ? killEveryMs.long : killEveryMs.short);
    let nextDrop = this.#pause(isLong ? dropEveryMs.long : dropEveryMs.short);
    while (this.secondsDone < options.seconds && !run.isFull && !run.isOver) {
      await new Promise((resolve) => setTimeout(resolve, tickMs));
      run.server.throwFault();
      const cycle = Math.floor(this.secondsDone / cycleSeconds);
      const isStorm = this.secondsDone - cycle * cycleSeconds < stormShare * cycleSeconds;
      watch.phase = isStorm ? 0 : cycle + 1;
      if (performance.now() > nextDrop) {
        this.#drop(run);
        nextDrop = this.#pause(isLong ? dropEveryMs.long : dropEveryMs.short);
      }
      if (isStorm && performance.now() > nextKill) {
        await this.#restart(run);
        nextKill = this.#pause(isLong ? killEveryMs.long : killEveryMs.short);
      }
    }
  }

  /** @param {StoreRun} run */
  #drop(run) {
    run.subscribers[this.#below(run.subscribers.length)]?.drop();
    this.counts.drops += 1;
  }

  /** Sentences about what the run was to do and did not, so that it shows nothing. */
  findMissing() {
    const { kills, killsAtStart, stops } = this.counts;
    const ends = kills + killsAtStart + stops;
    const endsMin = Math.max(1, Math.floor(this.secondsDone / secondsPerEndMax));
    return ends >= endsMin
      ? []
      : [`the server was ended ${ends} times, wanted ${endsMin} at least`];
  }

  /**
   * One time in six a clean stop, else SIGKILL; and one time in five the next process is killed
   * while it opens the store.
   *
   * @param {StoreRun} run
   */
  async #restart({ server }) {
    if (this.#below(6) === 0) {
      await server.stop();
      this.counts.stops += 1;
    } else {
      await server.kill();
      this.counts.kills += 1;
    }
    if (this.#below(5) === 0) {
      await server.start({ killAfterMs: 50 + this.#below(400) });
      await server.kill();
      this.counts.killsAtStart += 1;
    }
    this.context.opensMs.push(await server.start());
  }

  /** @param {number} meanMs */
  #pause(meanMs) {
    return performance.now() + meanMs * (0.2 + (1.6 * this.#below(1000)) / 1000);
  }

  /** @param {number} bound */
  #below(bound) {
    this.#random += 1;
    return mix(this.context.options.seed, this.#random, 99) % bound;
  }
}

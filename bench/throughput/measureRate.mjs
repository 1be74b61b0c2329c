import { performance } from 'node:perf_hooks';
import process from 'node:process';

import { readRunQueueWaitMs } from '../harness/runQueue.mjs';
import { quantile } from '../harness/statistics.mjs';

const sliceMs = 250;
const samplesMax = 200_000;
/** Reading the clock for each of a thousand appends in flight would be part of what is measured. */
const workersWithLatencyMax = 64;
const clockShare = 16;

/**
 * @typedef {object} RateOptions
 * @property {number} inFlight calls that wait for their answer at any time
 * @property {number} [eventsPerCall] default 1
 * @property {number} warmUpSeconds not counted
 * @property {number} seconds
 * @property {number} eventsMax ends the run early, so that memory stays bounded
 * @property {(index: number) => Promise<unknown>} call makes the call with this number; resolves
 *   when it is acknowledged
 */

/**
 * Keeps `inFlight` calls going and counts the events acknowledged between the end of the warm-up
 * and the end of the run.
 *
 * @param {RateOptions} options
 */
export async function measureRate(options) {
  const run = new Run(options);
  await Promise.all(Array.from({ length: options.inFlight }, (_, id) => run.work(id)));
  return run.answer();
}

class Run {
  #options;
  #start;
  #end;
  #calls = 0;
  #acknowledged = 0;
  #counted = 0;
  #lastMs = 0;
  #now = performance.now();
  /** @type {number[]} */
  #slices = [];
  /** @type {number[]} */
  #latencies = [];
  /** @type {NodeJS.CpuUsage | undefined} */
  #cpuBefore;
  #waitBefore = readRunQueueWaitMs();

  /** @param {RateOptions} options */
  constructor(options) {
    this.#options = options;
    this.#start = performance.now() + options.warmUpSeconds * 1000;
    this.#end = this.#start + options.seconds * 1000;
  }

  /** @param {number} id */
  async work(id) {
    const { call, eventsMax, eventsPerCall = 1 } = this.#options;
    const hasLatency = id < workersWithLatencyMax;
    let begun = performance.now();
    while (begun < this.#end && this.#acknowledged < eventsMax) {
      await call(this.#calls++);
      const now = this.#readClock();
      this.#acknowledged += eventsPerCall;
      if (now >= this.#start && now < this.#end) {
        this.#count(eventsPerCall, now);
        if (hasLatency && this.#latencies.length < samplesMax) this.#latencies.push(now - begun);
      }
      begun = now;
    }
  }

  /** With many calls in flight, acknowledgements that follow each other share a reading. */
  #readClock() {
    if (this.#options.inFlight <= workersWithLatencyMax || this.#acknowledged % clockShare === 0) {
      this.#now = performance.now();
    }
    return this.#now;
  }

  /**
   * @param {number} events
   * @param {number} now
   */
  #count(events, now) {
    if (this.#cpuBefore === undefined) {
      this.#cpuBefore = process.cpuUsage();
      this.#waitBefore = readRunQueueWaitMs();
    }
    this.#counted += events;
    this.#lastMs = now;
    const slice = Math.floor((now - this.#start) / sliceMs);
    this.#slices[slice] = (this.#slices[slice] ?? 0) + events;
  }

  answer() {
    if (this.#counted === 0) throw new Error('no call was acknowledged after the warm-up');
    const elapsedMs = this.#lastMs - this.#start;
    const whole = Math.floor(elapsedMs / sliceMs);
    const slices = Array.from({ length: whole }, (_, index) => this.#slices[index] ?? 0);
    const cpu = process.cpuUsage(this.#cpuBefore);
    const waitMs = (readRunQueueWaitMs() ?? NaN) - (this.#waitBefore ?? NaN);
    return {
      rate: (this.#counted / elapsedMs) * 1000,
      acknowledged: this.#acknowledged,
      extra: {
        seconds: round(elapsedMs / 1000),
        slowestQuarterSecond: Math.round((Math.min(...slices) * 1000) / sliceMs),
        latencyMsMedian: round(quantile(this.#latencies, 0.5)),
        latencyMsP99: round(quantile(this.#latencies, 0.99)),
        cpuCores: round((cpu.user + cpu.system) / 1000 / elapsedMs),
        cpuNanosPerEvent: Math.round(((cpu.user + cpu.system) * 1000) / this.#counted),
        coresWaitedFor: round(waitMs / elapsedMs),
      },
    };
  }
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 1000) / 1000;
}

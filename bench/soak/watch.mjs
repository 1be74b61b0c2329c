import { performance } from 'node:perf_hooks';
import process from 'node:process';

import { median } from '../harness/statistics.mjs';

const samplesMax = 20_000;
/** Of a calm phase, in which the process is the same: what comes before is warm-up. */
const warmUpShare = 0.3;
/** A phase has to last so long before its growth says anything. */
const judgedSecondsMin = 120;
const rssMBMax = 512;
const growthMBMax = 48;
const descriptorsGrowthMax = 32;

/**
 * @typedef {object} WatchSample
 * @property {number} atSeconds since the run began
 * @property {number} phase
 * @property {number} rssMB
 * @property {number} ownMB
 * @property {number} descriptors
 * @property {number} events in the log
 * @property {number} driverRssMB
 */

/** Looks at the server's memory and descriptors once in a while, and judges how they went. */
export class Watch {
  /** @type {WatchSample[]} */
  samples = [];
  /** Number of the calm phase under way, 0 while the server is being killed. */
  phase = 0;
  #begun = performance.now();

  /**
   * @param {import('./server.mjs').ServerUnderTest} server
   * @param {number} events
   */
  look(server, events) {
    const sample = server.isUp ? server.sample() : null;
    if (sample === null) return;
    if (this.samples.length >= samplesMax) {
      this.samples = this.samples.filter((_, index) => index % 2 === 0);
    }
    const atSeconds = (performance.now() - this.#begun) / 1000;
    const driverRssMB = process.memoryUsage.rss() / 1e6;
    this.samples.push({ atSeconds, phase: this.phase, events, driverRssMB, ...sample });
  }

  /** Each calm phase on its own: how memory and descriptors went after the warm-up. */
  phases() {
    const numbers = [...new Set(this.samples.map(({ phase }) => phase))].filter((n) => n > 0);
    return numbers.flatMap((number) => {
      const all = this.samples.filter(({ phase }) => phase === number);
      const rest = all.slice(Math.floor(all.length * warmUpShare));
      return rest.length < 4 ? [] : [summarizePhase(number, rest)];
    });
  }

  /** Sentences about what grows without bound; empty where nothing does. */
  findGrowth() {
    const found = this.phases().flatMap((phase) => judgePhase(phase));
    const highest = Math.max(0, ...this.samples.map(({ rssMB }) => rssMB));
    if (highest > rssMBMax) found.push(`RSS reached ${highest.toFixed(0)} MB, bound ${rssMBMax}`);
    const judged = this.phases().filter(({ seconds }) => seconds >= judgedSecondsMin);
    const [first] = judged;
    const last = judged.at(-1);
    if (first !== undefined && last !== undefined) {
      const growth = last.rssMedianMB - first.rssMedianMB;
      if (growth > growthMBMax) {
        found.push(`RSS grew by ${growth.toFixed(0)} MB from the first calm phase to the last`);
      }
    }
    return found;
  }
}

/** @typedef {ReturnType<typeof summarizePhase>} Phase */

/**
 * @param {number} number
 * @param {WatchSample[]} samples
 */
function summarizePhase(number, samples) {
  const third = Math.max(1, Math.floor(samples.length / 3));
  const rss = samples.map(({ rssMB }) => rssMB);
  const descriptors = samples.map((sample) => sample.descriptors);
  const begin = samples[0]?.atSeconds ?? 0;
  return {
    number,
    seconds: (samples.at(-1)?.atSeconds ?? 0) - begin,
    events: samples.at(-1)?.events ?? 0,
    rssMedianMB: median(rss),
    rssGrowthMB: median(rss.slice(-third)) - median(rss.slice(0, third)),
    rssSlopeMBPerMinute: slope(samples.map(({ atSeconds, rssMB }) => [atSeconds / 60, rssMB])),
    descriptorsMedian: median(descriptors),
    descriptorsGrowth: median(descriptors.slice(-third)) - median(descriptors.slice(0, third)),
  };
}

/** @param {Phase} phase */
function judgePhase(phase) {
  if (phase.seconds < judgedSecondsMin) return [];
  const found = [];
  if (phase.rssGrowthMB > growthMBMax) {
    found.push(`RSS grew by ${phase.rssGrowthMB.toFixed(0)} MB within calm phase ${phase.number}`);
  }
  if (phase.descriptorsGrowth > descriptorsGrowthMax) {
    const growth = phase.descriptorsGrowth;
    found.push(`open descriptors grew by ${growth} within calm phase ${phase.number}`);
  }
  return found;
}

/**
 * Of the line of least squares.
 *
 * @param {number[][]} points
 */
function slope(points) {
  const meanX = points.reduce((sum, [x = 0]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y = 0]) => sum + y, 0) / points.length;
  const up = points.reduce((sum, [x = 0, y = 0]) => sum + (x - meanX) * (y - meanY), 0);
  const down = points.reduce((sum, [x = 0]) => sum + (x - meanX) ** 2, 0);
  return down === 0 ? 0 : up / down;
}

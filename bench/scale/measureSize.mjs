import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { waitForQuiet } from '../harness/quiet.mjs';
import { runChild } from '../harness/runChild.mjs';

/** Building and checking take so long at most for each event. */
const timeoutMicrosPerEvent = 60;
const timeoutMsMin = 300_000;

/** @typedef {import('../harness/measureBench.mjs').Sample} Sample */

/**
 * @typedef {object} ScaleContext
 * @property {string} runDir
 * @property {string} limitProgram
 * @property {string | null} profileDir
 * @property {number} quietSecondsMax
 * @property {number} rounds
 * @property {number} readSeconds of each kind of read
 * @property {number} appendBatches in each turn
 * @property {AbortSignal} signal
 * @property {(text: string) => void} begin tells what is under way
 */

/**
 * Builds a store of this size and takes all its figures.
 *
 * @param {number} events
 * @param {ScaleContext} context
 * @returns {Promise<{build: Record<string, unknown>, samples: Map<string, Sample[]>}>} by the names
 *   of `figures`
 */
export async function measureSize(events, context) {
  const dataDir = mkdtempSync(join(context.runDir, 'store-'));
  const measure = new Measure(context, { dataDir, events });
  try {
    context.begin('build');
    const built = await measure.child('build', {});
    for (let round = 1; round <= context.rounds; round++) {
      context.begin(`round ${round} of ${context.rounds}`);
      await measure.round(round);
    }
    context.begin('appends');
    await measure.appends();
    return { build: { eventsPerSecond: built.value, ...built.extra }, samples: measure.samples };
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

class Measure {
  /** @type {Map<string, Sample[]>} */
  samples = new Map();
  #context;
  #store;

  /**
   * @param {ScaleContext} context
   * @param {{dataDir: string, events: number}} store
   */
  constructor(context, store) {
    this.#context = context;
    this.#store = store;
  }

  /**
   * @param {string} module
   * @param {object} options
   */
  child(module, options) {
    const { signal, profileDir, limitProgram } = this.#context;
    const timeoutMs = Math.max(timeoutMsMin, (this.#store.events * timeoutMicrosPerEvent) / 1_000);
    const all = { ...this.#store, limitProgram, ...options };
    const path = join(import.meta.dirname, `${module}.mjs`);
    return runChild(path, all, { signal, profileDir, timeoutMs });
  }

  /** @param {number} round */
  async round(round) {
    await this.#quiet();
    const opened = await this.child('open', { seed: round * 100 });
    const facts = /** @type {Record<string, number>} */ (opened.extra);
    this.#add('open', opened.value, { extra: facts });
    this.#add('rss-open', facts['rssOpenMB']);
    this.#add('rss-read', facts['rssReadMB']);
    this.#add('entity-window-cold', facts['coldWindowMicros']);
    this.#add('entity-spread-cold', facts['coldSpreadMicros']);
    await this.#quiet();
    const read = await this.child('reads', { seconds: this.#context.readSeconds });
    for (const [name, fact] of Object.entries(read.extra ?? {})) {
      const extra = /** @type {{micros: number}} */ (fact);
      this.#add(name, extra.micros, { extra });
    }
    await this.#quiet();
    const verified = await this.child('verify', {});
    const { peer = null, extra = {} } = verified;
    this.#add('verify', verified.value, { peer, extra });
  }

  /** Last, because the store grows by it. */
  async appends() {
    const { runDir, rounds, appendBatches } = this.#context;
    await this.#quiet();
    const turns = 3 * rounds;
    const options = { emptyDir: runDir, turns, batchesPerTurn: appendBatches };
    const { extra = {} } = await this.child('appends', options);
    for (const [entities, fact] of Object.entries(extra)) {
      const { rates, ratios } = /** @type {{rates: number[], ratios: number[]}} */ (fact);
      rates.forEach((rate, turn) => {
        this.#add(`append-${entities}`, rate, { peer: rate / (ratios[turn] ?? NaN) });
      });
    }
  }

  async #quiet() {
    const { quietSecondsMax: secondsMax, signal } = this.#context;
    await waitForQuiet({ secondsMax, signal });
  }

  /**
   * @param {string} name
   * @param {number | undefined} value
   * @param {{peer?: number | null, extra?: Record<string, unknown>}} [more]
   */
  #add(name, value, { peer = null, extra = {} } = {}) {
    if (value === undefined || Number.isNaN(value)) throw new Error(`${name}: not measured`);
    const samples = this.samples.get(name) ?? [];
    samples.push({ value, peer, extra });
    this.samples.set(name, samples);
  }
}

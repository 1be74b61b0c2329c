import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { openEventStore } from '../../dist/index.js';
import { median } from '../harness/statistics.mjs';
import { makeRandom } from '../input/order.mjs';
import { LineBatch, entityCount, typeCount } from './history.mjs';

const batchEvents = 512;
const inFlight = 4;

/** @typedef {'new' | 'old'} Entities */

/**
 * Appends to a large store and to a young one in turns, so that both meet the same noise: events of
 * entities that neither knows, or of those that the large one has had for long. The young one began
 * empty, and goes on through all turns: so it has segments to index as the large one has, and writes
 * to as many pages that nobody has touched before.
 *
 * @param {{dataDir: string, emptyDir: string, events: number, turns: number,
 *   batchesPerTurn: number}} options
 */
export async function run({ dataDir, emptyDir, events, turns, batchesPerTurn }) {
  const store = await openEventStore({ dataDir });
  const source = new BatchSource(events);
  /** @type {Record<string, {rates: number[], ratios: number[]}>} */
  const answers = {};
  for (const entities of /** @type {const} */ (['new', 'old'])) {
    const answer = { rates: /** @type {number[]} */ ([]), ratios: /** @type {number[]} */ ([]) };
    const directory = mkdtempSync(join(emptyDir, 'young-'));
    const young = await openEventStore({ dataDir: directory });
    for (const one of [store, young]) {
      await measureTurn(one, source, { entities, batches: batchesPerTurn });
    }
    for (let turn = 0; turn < turns; turn++) {
      const order = turn % 2 === 0 ? [store, young] : [young, store];
      const rates = new Map();
      for (const one of order) {
        rates.set(one, await measureTurn(one, source, { entities, batches: batchesPerTurn }));
      }
      answer.rates.push(rates.get(store));
      answer.ratios.push(rates.get(store) / rates.get(young));
    }
    answers[entities] = answer;
    await young.close();
    rmSync(directory, { recursive: true });
  }
  await store.close();
  return { value: 0, extra: summarize(answers) };
}

/** @param {Record<string, {rates: number[], ratios: number[]}>} answers */
function summarize(answers) {
  const rows = Object.entries(answers).map(([entities, { rates, ratios }]) => [
    entities,
    { rate: median(rates), ratio: median(ratios), rates, ratios },
  ]);
  return Object.fromEntries(rows);
}

/**
 * Events a second of so many batches, four in flight.
 *
 * @param {import('../../dist/index.js').EmbeddedStore} store
 * @param {BatchSource} source
 * @param {{entities: Entities, batches: number}} how
 */
async function measureTurn(store, source, { entities, batches }) {
  const ready = source.take(entities, batches);
  const begun = performance.now();
  let next = 0;
  const work = async () => {
    for (let batch = ready[next++]; batch !== undefined; batch = ready[next++]) {
      await store.appendBatch(batch, { return: 'summary' });
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  return (batches * batchEvents * 1000) / (performance.now() - begun);
}

class BatchSource {
  #events;
  #random = makeRandom(9);
  #nextNew;

  /** @param {number} events of the large store */
  constructor(events) {
    this.#events = events;
    this.#nextNew = entityCount('window', events) + 1_000_000;
  }

  /**
   * Batches made before the clock starts.
   *
   * @param {Entities} entities
   * @param {number} count
   */
  take(entities, count) {
    return Array.from({ length: count }, (_, index) => {
      const batch = new LineBatch(batchEvents, index % 16);
      for (let line = 0; line < batchEvents; line++) {
        batch.fill(line, this.#entity(entities), this.#random() % typeCount);
      }
      return batch.bytes;
    });
  }

  /**
   * @param {Entities} entities
   * @returns {{kind: import('./history.mjs').EntityKind, number: number}}
   */
  #entity(entities) {
    if (entities === 'new') return { kind: 'window', number: this.#nextNew++ };
    const kind = this.#random() % 2 === 0 ? 'window' : 'spread';
    return { kind, number: this.#random() % entityCount(kind, this.#events) };
  }
}

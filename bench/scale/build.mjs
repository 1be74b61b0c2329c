import { performance } from 'node:perf_hooks';

import { openEventStore } from '../../dist/index.js';
import { makeRandom } from '../input/order.mjs';
import { LineBatch, entityOf, typeCount } from './history.mjs';

const batchEvents = 2_000;
const inFlight = 4;
const settleDeadlineMs = 120_000;

/**
 * Fills a store and closes it once all its index files are written.
 *
 * @param {{dataDir: string, events: number}} options
 */
export async function run({ dataDir, events }) {
  const store = await openEventStore({ dataDir });
  const begun = performance.now();
  const random = makeRandom(6);
  let next = 0;
  const work = async (/** @type {number} */ worker) => {
    const batch = new LineBatch(batchEvents, worker);
    while (next < events) {
      const first = next;
      next += batchEvents;
      for (let line = 0; line < batchEvents; line++) {
        batch.fill(line, entityOf(first + line, events), random() % typeCount);
      }
      await store.appendBatch(batch.bytes, { return: 'summary' });
    }
  };
  await Promise.all(Array.from({ length: inFlight }, (_, worker) => work(worker)));
  const seconds = (performance.now() - begun) / 1000;
  await waitForIndexFiles(store);
  const { totalEvents, storageBytes, segments } = await store.stats();
  const { indexFiles, indexedSegments } = store.counters();
  await store.close();
  if (totalEvents !== events) throw new Error(`expected ${events} events, got ${totalEvents}`);
  const extra = { storageBytes, segments, indexFiles, indexedSegments, seconds };
  return { value: events / seconds, extra };
}

/** @param {import('../../dist/index.js').EmbeddedStore} store */
async function waitForIndexFiles(store) {
  const deadline = performance.now() + settleDeadlineMs;
  let [files, unchangedSince] = [-1, performance.now()];
  const isDone = async () => {
    const { indexFiles, indexedSegments } = store.counters();
    if (indexFiles !== files) [files, unchangedSince] = [indexFiles, performance.now()];
    const isSettled = performance.now() - unchangedSince > 1_000;
    return isSettled && indexedSegments >= (await store.stats()).segments - 1;
  };
  while (!(await isDone()) && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

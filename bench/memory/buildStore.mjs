import { makeOrderBatches } from '../input/order.mjs';
import { openBenchStore } from '../throughput/openBenchStore.mjs';

const batchEvents = 1_000;
const batchesAtHand = 100;
const inFlight = 4;

/**
 * Fills a store and closes it.
 *
 * @param {{dataDir: string, events: number}} options
 */
export async function run({ dataDir, events }) {
  const batches = makeOrderBatches({ batches: batchesAtHand, events: batchEvents });
  const store = await openBenchStore({ mode: 'durable', dataDir });
  const total = events / batchEvents;
  let next = 0;
  const work = async () => {
    while (next < total) {
      const batch = batches[next++ % batchesAtHand];
      if (batch !== undefined) await store.appendBatch(batch, { return: 'summary' });
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  const { totalEvents, storageBytes } = await store.stats();
  await store.close();
  return { value: totalEvents, extra: { storageBytes } };
}

import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import { openEventStore } from '../../dist/index.js';
import { quantile } from '../harness/statistics.mjs';
import { makeOrder, makeRandom } from '../input/order.mjs';
import { appendOrders } from '../read/preparedStore.mjs';
import { exportParquet } from './exportProcess.mjs';

const eventsPerEntity = 10;
const ordersAtHand = 4_096;

/**
 * 99th percentile, in milliseconds, of single durable appends that come at an even rate while the events of the
 * store become Parquet: by the store's own thread (`files`), or by `allsource export` in another process
 * (`export`). Beside it those before and behind, as long as it took.
 *
 * @param {{beside: 'files' | 'export', events: number, rate: number, dataDir: string}} options
 */
export async function run({ beside, events, rate, dataDir }) {
  const place = join(dataDir, 'store');
  const store = await openEventStore({
    dataDir: place,
    snapshots: { automatic: false },
    parquet: { automatic: false },
  });
  await appendOrders(store, { entities: events / eventsPerEntity, eventsPerEntity });
  const appends = new EvenAppends(store, rate);
  await appends.during(sleep(1000));
  const work = {
    files: async () => (await store.parquet.compact()).eventsWritten,
    export: async () => {
      await exportParquet(place, join(dataDir, 'events.parquet'));
      return events;
    },
  }[beside];
  const begin = performance.now();
  let written = 0;
  const busy = await appends.during(work().then((count) => (written = count)));
  const seconds = (performance.now() - begin) / 1000;
  if (written < events / 2) throw new Error(`only ${written} events became Parquet`);
  const quiet = await appends.during(sleep(seconds * 1000));
  await store.close();
  const extra = { seconds, written, appends: busy.length, p50: quantile(busy, 0.5) };
  const peer = quantile(quiet, 0.99);
  return { value: quantile(busy, 0.99), peer, extra: { ...extra, quietP50: quantile(quiet, 0.5) } };
}

/** Appends at a rate, whatever the answers take. */
class EvenAppends {
  #store;
  #rate;
  #orders;
  #sent = 0;

  /**
   * @param {import('../../dist/index.js').EmbeddedStore} store
   * @param {number} rate
   */
  constructor(store, rate) {
    this.#store = store;
    this.#rate = rate;
    const random = makeRandom(7);
    this.#orders = Array.from({ length: ordersAtHand }, () => makeOrder(random));
  }

  /**
   * Milliseconds from when an append was due to its acknowledgement, of all until some work is done.
   *
   * @param {Promise<unknown>} work
   * @returns {Promise<number[]>}
   */
  async during(work) {
    const latencies = /** @type {number[]} */ ([]);
    const pending = new Set();
    let isDone = false;
    const done = work.finally(() => (isDone = true));
    const begin = performance.now();
    for (let sent = 0; !isDone;) {
      const due = Math.floor(((performance.now() - begin) / 1000) * this.#rate);
      for (; sent < due; sent++) {
        const dueAt = begin + ((sent + 1) / this.#rate) * 1000;
        const order = this.#orders[this.#sent++ % ordersAtHand];
        const one = this.#store.append(order).then(() => {
          latencies.push(performance.now() - dueAt);
          pending.delete(one);
        });
        pending.add(one);
      }
      await sleep(1);
    }
    await Promise.all(pending);
    await done;
    return latencies;
  }
}

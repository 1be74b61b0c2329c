import { median } from '../harness/statistics.mjs';
import { makeOrder, makeRandom } from '../input/order.mjs';
import { measureRate } from '../throughput/measureRate.mjs';
import { openBenchStore } from '../throughput/openBenchStore.mjs';
import { sums } from './sums.mjs';

const turns = 6;
const eventsAtHand = 16_384;

/**
 * Single appends a second while three pipelines of filter, map and reduce run; in turns with the same
 * appends while they are paused.
 *
 * @param {{mode: string, dataDir: string, inFlight: number, warmUpSeconds: number, seconds: number,
 *   eventsMax: number}} options
 */
export async function run(options) {
  const { inFlight, eventsMax, seconds } = options;
  const random = makeRandom(4);
  const orders = Array.from({ length: eventsAtHand }, () => makeOrder(random));
  const store = await openBenchStore(options);
  const ids = ['one', 'two', 'three'];
  for (const id of ids) await store.pipelines.create(sums(id), { id });
  let next = 0;
  const call = () => store.append(orders[next++ % eventsAtHand]);
  const measure = async () => {
    const how = { inFlight, eventsPerCall: 1, warmUpSeconds: 0.1, seconds: seconds / turns };
    return (await measureRate({ ...how, eventsMax, call })).rate;
  };
  await measure();
  const rates = { beside: /** @type {number[]} */ ([]), alone: /** @type {number[]} */ ([]) };
  for (let turn = 0; turn < turns; turn++) {
    rates.beside.push(await measure());
    for (const id of ids) await store.pipelines.pause(id);
    rates.alone.push(await measure());
    for (const id of ids) await store.pipelines.resume(id);
  }
  const processed = (await store.pipelines.get('one')).statistics.processed;
  await store.close();
  return { value: median(rates.beside), peer: median(rates.alone), extra: { ...rates, processed } };
}

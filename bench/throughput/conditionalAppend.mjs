import { median } from '../harness/statistics.mjs';
import { makeOrder, makeRandom } from '../input/order.mjs';
import { measureRate } from './measureRate.mjs';
import { checkAcknowledged, describeCommits, openBenchStore } from './openBenchStore.mjs';

const turns = 6;
const eventsAtHand = 16_384;

/**
 * Atomic appends of `events` objects with two tags each, under the condition that nothing of one type
 * with both tags of the first came in behind the watermark of the call; in turns with the same
 * appends without one.
 *
 * @param {{mode: string, dataDir: string, inFlight: number, events: number, warmUpSeconds: number,
 *   seconds: number, eventsMax: number}} options
 */
export async function run(options) {
  const { inFlight, events, eventsMax, seconds } = options;
  const batches = makeBatches(events);
  const store = await openBenchStore(options);
  let next = 0;
  let acknowledged = 0;
  const take = () => batches[next++ % batches.length] ?? [];
  const plain = () => store.appendBatch(take(), { return: 'summary' });
  const conditional = () => {
    const batch = take();
    const failIfEventsMatch = { eventTypes: ['order.cancelled'], tags: batch[0]?.tags };
    const after = store.watermark;
    return store.appendBatch(batch, { return: 'summary', failIfEventsMatch, after });
  };
  /** @param {() => Promise<unknown>} call */
  const measure = async (call) => {
    const how = { inFlight, eventsPerCall: events, warmUpSeconds: 0.1, seconds: seconds / turns };
    const measured = await measureRate({ ...how, eventsMax, call });
    acknowledged += measured.acknowledged;
    return measured.rate;
  };
  await measure(plain);
  const rates = { plain: /** @type {number[]} */ ([]), conditional: /** @type {number[]} */ ([]) };
  for (let turn = 0; turn < turns; turn++) {
    rates.plain.push(await measure(plain));
    rates.conditional.push(await measure(conditional));
  }
  await checkAcknowledged(store, acknowledged);
  const extra = { ...rates, ...describeCommits(store.counters()) };
  await store.close();
  return { value: median(rates.conditional), peer: median(rates.plain), extra };
}

/** @param {number} events of each */
function makeBatches(events) {
  const random = makeRandom(4);
  return Array.from({ length: Math.ceil(eventsAtHand / events) }, () =>
    Array.from({ length: events }, () => {
      const order = makeOrder(random);
      return { ...order, tags: [`order:${order.entityId}`, `region:${random() % 20}`] };
    }),
  );
}

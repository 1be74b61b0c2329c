import { makeOrder, makeOrderBatches, makeRandom } from '../input/order.mjs';
import { measureRate } from './measureRate.mjs';
import { checkAcknowledged, describeCommits, openBenchStore } from './openBenchStore.mjs';

/** Different events at hand: enough not to stay in the second-level cache. */
const eventsAtHand = 32_768;

/**
 * appendBatch with `inFlight` calls of `events` events each, as NDJSON bytes or as objects.
 *
 * @param {{mode: string, dataDir: string, inFlight: number, events: number, input?: string,
 *   results?: 'full' | 'summary', warmUpSeconds: number, seconds: number, eventsMax: number}}
 *   options
 */
export async function run(options) {
  const { inFlight, events, input = 'ndjson', results = 'summary' } = options;
  const count = Math.max(inFlight, Math.ceil(eventsAtHand / events));
  const batches =
    input === 'objects' ? makeObjects(count, events) : makeOrderBatches({ batches: count, events });
  const store = await openBenchStore(options);
  const { rate, acknowledged, extra } = await measureRate({
    ...options,
    eventsPerCall: events,
    call: (index) => store.appendBatch(batches[index % count] ?? [], { return: results }),
  });
  await checkAcknowledged(store, acknowledged);
  const commits = describeCommits(store.counters());
  await store.close();
  return { value: rate, extra: { ...extra, ...commits } };
}

/**
 * @param {number} count
 * @param {number} events
 */
function makeObjects(count, events) {
  const random = makeRandom(2);
  return Array.from({ length: count }, () =>
    Array.from({ length: events }, () => makeOrder(random)),
  );
}

import { makeRandom } from '../input/order.mjs';
import { measureCalls } from './measureCalls.mjs';
import { prepareStore } from './preparedStore.mjs';

const typeCount = 100;
const eventsPerType = 1_000;
const drawn = 4_096;

/**
 * readBytes of all 1 000 events of one of 100 types, whose events lie all over the log.
 *
 * @param {{dataDir: string, warmUpSeconds: number, seconds: number}} options
 */
export async function run(options) {
  const eventTypeOf = (/** @type {number} */ entity) => `order.kind-${entity % typeCount}`;
  const store = await prepareStore({
    ...options,
    entities: 10_000,
    eventsPerEntity: (typeCount * eventsPerType) / 10_000,
    eventTypeOf,
  });
  const random = makeRandom(6);
  const types = Array.from({ length: drawn }, () => eventTypeOf(random() % typeCount));
  const read = (/** @type {number} */ index) =>
    store.readBytes({ eventType: types[index % drawn], limit: eventsPerType });
  const { count, bytes } = await read(0);
  if (count !== eventsPerType) throw new Error(`expected ${eventsPerType} events, got ${count}`);
  const [measured] = await measureCalls([read], { ...options, callsPerBlock: 4 });
  await store.close();
  return {
    value: measured?.micros ?? NaN,
    extra: { microsP99: measured?.microsP99, pageBytes: bytes.length },
  };
}

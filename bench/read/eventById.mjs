import { makeRandom } from '../input/order.mjs';
import { measureCalls } from './measureCalls.mjs';
import { prepareStore } from './preparedStore.mjs';

const entities = 10_000;
const eventsPerEntity = 10;
const drawn = 16_384;

/**
 * getEvent of one of 100 000 events at random, against JSON.parse of the same event's bytes.
 *
 * @param {{dataDir: string, warmUpSeconds: number, seconds: number}} options
 */
export async function run(options) {
  const store = await prepareStore({ ...options, entities, eventsPerEntity });
  /** @type {string[]} */
  const all = [];
  for await (const event of store.read()) all.push(event.id);
  const random = makeRandom(7);
  const ids = Array.from({ length: drawn }, () => all[random() % all.length] ?? '');
  const documents = ids.map((id) => store.wire.getEvent(id, 'default') ?? '');
  const read = (/** @type {number} */ index) => store.getEvent(ids[index % drawn] ?? '');
  const parse = (/** @type {number} */ index) => {
    JSON.parse(String(documents[index % drawn]));
  };
  if ((await read(0))?.id !== ids[0]) throw new Error('expected the event with the asked id');
  const [event, parsed] = await measureCalls([read, parse], { ...options, callsPerBlock: 100 });
  await store.close();
  return {
    value: event?.micros ?? NaN,
    peer: parsed?.micros ?? NaN,
    extra: { microsP99: event?.microsP99 },
  };
}

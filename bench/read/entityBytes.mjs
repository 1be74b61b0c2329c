import { measureCalls } from './measureCalls.mjs';
import { drawEntityIds, prepareStore } from './preparedStore.mjs';

const totalEvents = 100_000;
const idsDrawn = 65_536;

/**
 * readBytes of one entity, entities at random.
 *
 * @param {{dataDir: string, events: number, warmUpSeconds: number, seconds: number}} options
 */
export async function run(options) {
  const entities = totalEvents / options.events;
  const store = await prepareStore({ ...options, entities, eventsPerEntity: options.events });
  const ids = drawEntityIds({ entities, count: idsDrawn });
  const read = (/** @type {number} */ index) =>
    store.readBytes({ entityId: ids[index % idsDrawn], limit: options.events });
  const { count, bytes } = await read(0);
  if (count !== options.events) throw new Error(`expected ${options.events} events, got ${count}`);
  const [measured] = await measureCalls([read], { ...options, callsPerBlock: 100 });
  await store.close();
  return {
    value: measured?.micros ?? NaN,
    extra: { microsP99: measured?.microsP99, pageBytes: bytes.length },
  };
}

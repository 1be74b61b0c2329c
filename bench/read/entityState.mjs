import { measureCalls } from './measureCalls.mjs';
import { drawEntityIds, prepareStore } from './preparedStore.mjs';

const entities = 100;
const eventsPerEntity = 1_000;

/**
 * state of an entity with 1 000 events and no snapshot (history of the newest 100), against JSON.parse of the bytes
 * of its 1 000 events, which a merge outside of the engine could not do without.
 *
 * @param {{dataDir: string, warmUpSeconds: number, seconds: number}} options
 */
export async function run(options) {
  const store = await prepareStore({
    ...options,
    entities,
    eventsPerEntity,
    open: { snapshots: { automatic: false } },
  });
  const ids = drawEntityIds({ entities, count: 64 });
  const pages = await Promise.all(
    ids.map(
      async (entityId) => (await store.readBytes({ entityId, limit: eventsPerEntity })).bytes,
    ),
  );
  const read = (/** @type {number} */ index) => store.state(ids[index % ids.length] ?? '');
  const parse = (/** @type {number} */ index) => {
    JSON.parse(String(pages[index % pages.length]));
  };
  const { eventCount } = await read(0);
  if (eventCount !== eventsPerEntity) {
    throw new Error(`expected ${eventsPerEntity} events, got ${eventCount}`);
  }
  const [state, parsed] = await measureCalls([read, parse], { ...options, callsPerBlock: 2 });
  await store.close();
  return {
    value: state?.micros ?? NaN,
    peer: parsed?.micros ?? NaN,
    extra: { microsP99: state?.microsP99 },
  };
}

import { measureCalls } from './measureCalls.mjs';
import { drawEntityIds, prepareStore } from './preparedStore.mjs';

const totalEvents = 100_000;
/** Pages to parse, held at hand; few enough that all of them fit into memory. */
const idsDrawn = 4_096;

/**
 * readPage of one entity, against JSON.parse of the bytes of the same page; both take turns.
 *
 * @param {{dataDir: string, events: number, warmUpSeconds: number, seconds: number}} options
 */
export async function run(options) {
  const entities = totalEvents / options.events;
  const store = await prepareStore({ ...options, entities, eventsPerEntity: options.events });
  const ids = drawEntityIds({ entities, count: idsDrawn });
  const pages = await Promise.all(
    ids.map(async (entityId) => (await store.readBytes({ entityId, limit: options.events })).bytes),
  );
  let seen = 0;
  const read = async (/** @type {number} */ index) => {
    const page = await store.readPage({ entityId: ids[index % idsDrawn], limit: options.events });
    seen += page.events.length;
  };
  // Pages that were not read just before: else their texts are in V8's tables and the processor's
  // caches already, and whoever comes second wins a fifth.
  const parse = (/** @type {number} */ index) => {
    seen += JSON.parse(String(pages[(index + idsDrawn / 2) % idsDrawn])).events.length;
  };
  await read(0);
  if (seen !== options.events) throw new Error(`expected ${options.events} events, got ${seen}`);
  const [objects, parsed] = await measureCalls([read, parse], { ...options, callsPerBlock: 50 });
  await store.close();
  return {
    value: objects?.micros ?? NaN,
    peer: parsed?.micros ?? NaN,
    extra: { microsP99: objects?.microsP99, pageBytes: pages[0]?.length, seen },
  };
}

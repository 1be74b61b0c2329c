import { openEventStore } from '../../dist/index.js';
import { measureCalls } from '../read/measureCalls.mjs';
import { drawEntityIds, drawEvents } from './draw.mjs';
import { eventTypeOf, eventsPerEntity, typeCount } from './history.mjs';
import { readCounts } from './open.mjs';

const hotEntities = 1_000;
const pageEvents = 100;
const allEntities = 20_000;
const eventsDrawn = 5_000;
/** Few enough that some blocks fit into the time on a busy machine. */
const callsPerBlock = { point: 50, page: 5 };

/**
 * Reads of all kinds, one after the other, each after a pass over the same draws: what is measured is
 * an engine that has met these keys before.
 *
 * @param {{dataDir: string, events: number, seconds: number}} options
 */
export async function run({ dataDir, events, seconds }) {
  const store = await openEventStore({ dataDir });
  const drawn = await drawEvents(store, { events, count: eventsDrawn, seed: 11 });
  const kinds = readKinds(store, events, drawn);
  /** @type {Record<string, object>} */
  const answers = {};
  for (const [name, { draws, call }] of Object.entries(kinds)) {
    for (let index = 0; index < draws; index++) await call(index);
    const before = readCounts();
    let calls = 0;
    const counted = (/** @type {number} */ index) => {
      calls += 1;
      return call(index);
    };
    const isPage = name === 'type' || name === 'time';
    const block = isPage ? callsPerBlock.page : callsPerBlock.point;
    const options = { warmUpSeconds: 0, seconds, callsPerBlock: block };
    const [measured] = await measureCalls([counted], options);
    const after = readCounts();
    answers[name] = {
      ...measured,
      readCallsPerCall: (after.readCalls - before.readCalls) / calls,
      minorFaultsPerCall: (after.minorFaults - before.minorFaults) / calls,
    };
  }
  await store.close();
  return { value: 0, extra: answers };
}

/**
 * @param {import('../../dist/index.js').EmbeddedStore} store
 * @param {number} events
 * @param {readonly {id: string, timestamp: number}[]} drawn
 */
function readKinds(store, events, drawn) {
  const entity = (
    /** @type {import('./history.mjs').EntityKind} */ kind,
    /** @type {number} */ count,
  ) => {
    const ids = drawEntityIds(kind, { events, count, seed: 12 });
    const call = (/** @type {number} */ index) =>
      store.readBytes({ entityId: ids[index % count], limit: eventsPerEntity });
    return { draws: count, call };
  };
  const event = (/** @type {number} */ index) =>
    drawn[index % drawn.length] ?? { id: '', timestamp: 0 };
  return {
    'entity-window': entity('window', hotEntities),
    'entity-spread': entity('spread', hotEntities),
    'entity-window-all': entity('window', allEntities),
    'entity-spread-all': entity('spread', allEntities),
    id: {
      draws: hotEntities,
      call: (/** @type {number} */ index) => store.getEventBytes(event(index % hotEntities).id),
    },
    'id-object': {
      draws: hotEntities,
      call: (/** @type {number} */ index) => store.getEvent(event(index % hotEntities).id),
    },
    'id-all': {
      draws: eventsDrawn,
      call: (/** @type {number} */ index) => store.getEventBytes(event(index).id),
    },
    type: {
      draws: typeCount,
      call: (/** @type {number} */ index) =>
        store.readBytes({ eventType: eventTypeOf(index % typeCount), limit: pageEvents }),
    },
    time: {
      draws: hotEntities,
      call: (/** @type {number} */ index) => {
        const since = event(index % hotEntities).timestamp;
        return store.readBytes({ since, until: since + 1_000_000, limit: pageEvents });
      },
    },
  };
}

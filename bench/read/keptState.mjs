import { setTimeout as wait } from 'node:timers/promises';

import { defineReducer } from '../../dist/index.js';
import { measureCalls } from './measureCalls.mjs';
import { appendOrders, drawEntityIds, prepareStore } from './preparedStore.mjs';

const entities = 100;
const eventsPerEntity = 1_000;
/** Of these events no snapshot has the last ones: half of the usual threshold. */
const eventsBehind = 50;

/**
 * States of an entity with 1 000 events; where they are kept, the first 950 are in a snapshot.
 *
 * @param {{dataDir: string, warmUpSeconds: number, seconds: number, isKept: boolean,
 *   via: 'merged' | 'history' | 'deep' | 'reducer'}} options
 */
export async function run({ isKept, via, ...options }) {
  const ids = drawEntityIds({ entities, count: 64 });
  const reducer = reducerFor(ids[0] ?? '');
  const store = await prepareStore({
    ...options,
    entities,
    eventsPerEntity: eventsPerEntity - eventsBehind,
    open: {
      // The threshold is met by no append here, only by what the first reads have to merge.
      snapshots: { automatic: isKept, eventThreshold: eventsPerEntity - eventsBehind },
      reducers: via === 'reducer' ? [reducer] : [],
    },
  });
  const read = readerOf(store, { via, reducer });
  if (isKept) await keepAll(store, { ids, read });
  await appendOrders(store, { entities, eventsPerEntity: eventsBehind });
  const { version } = await read(ids[0] ?? '');
  if (version !== eventsPerEntity) throw new Error(`expected version 1000, got ${version}`);
  const calls = [(/** @type {number} */ index) => read(ids[index % ids.length] ?? '')];
  const [state] = await measureCalls(calls, { ...options, callsPerBlock: isKept ? 20 : 2 });
  await store.close();
  return { value: state?.micros ?? NaN, extra: { microsP99: state?.microsP99 } };
}

/**
 * One that counts events.
 *
 * @param {string} entityId
 */
function reducerFor(entityId) {
  const [prefix = ''] = entityId.split(/\d/);
  const count = (/** @type {{events: number}} */ state) => ({ events: state.events + 1 });
  const on = { 'order.placed': count, 'order.paid': count, 'order.updated': count };
  return defineReducer({
    entityType: 'order',
    version: 1,
    entityIdPrefix: prefix,
    init: () => ({ events: 0 }),
    on,
  });
}

/**
 * @param {import('../../dist/index.js').EmbeddedStore} store
 * @param {{via: string, reducer: import('../../dist/index.js').Reducer<{events: number}>}} options
 * @returns {(entityId: string) => Promise<{readonly version: number}>}
 */
function readerOf(store, { via, reducer }) {
  switch (via) {
    case 'reducer':
      return (entityId) => store.stateOf(reducer, entityId);
    case 'history':
      return (entityId) => store.state(entityId);
    case 'deep':
      return (entityId) => store.state(entityId, { merge: 'deep', historyLimit: 0 });
    default:
      return (entityId) => store.state(entityId, { historyLimit: 0 });
  }
}

/**
 * Reads each state once, whereupon the store keeps it.
 *
 * @param {import('../../dist/index.js').EmbeddedStore} store
 * @param {{ids: readonly string[], read: (entityId: string) => Promise<unknown>}} options
 */
async function keepAll(store, { ids, read }) {
  for (const entityId of new Set(ids)) {
    await read(entityId);
    while ((await store.snapshots.list({ entityId })).snapshots.length === 0) await wait(5);
  }
}

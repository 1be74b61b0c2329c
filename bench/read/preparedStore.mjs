import { Buffer } from 'node:buffer';

import { openEventStore } from '../../dist/index.js';
import { entityIdOf, makeOrder, makeRandom, toWire } from '../input/order.mjs';

const batchEvents = 1_000;

/**
 * A durable store of `entities` entities with `eventsPerEntity` events each, appended round by
 * round, so that the events of an entity lie apart in the log.
 *
 * @param {{dataDir: string, entities: number, eventsPerEntity: number,
 *   eventTypeOf?: (entity: number) => string,
 *   open?: Pick<import('../../dist/index.js').OpenOptions, 'snapshots' | 'reducers'>}} options
 */
export async function prepareStore({ dataDir, open, ...options }) {
  const store = await openEventStore({ dataDir, ...open });
  await appendOrders(store, options);
  return store;
}

/**
 * @param {import('../../dist/index.js').EmbeddedStore} store
 * @param {{entities: number, eventsPerEntity: number,
 *   eventTypeOf?: (entity: number) => string}} options
 */
export async function appendOrders(store, { entities, eventsPerEntity, eventTypeOf }) {
  const random = makeRandom(4);
  const total = entities * eventsPerEntity;
  for (let first = 0; first < total; first += batchEvents) {
    const count = Math.min(batchEvents, total - first);
    const lines = Array.from({ length: count }, (_, offset) => {
      const entity = (first + offset) % entities;
      const order = makeOrder(random, entity);
      if (eventTypeOf !== undefined) order.eventType = eventTypeOf(entity);
      return `${toWire(order)}\n`;
    });
    await store.appendBatch(Buffer.from(lines.join('')), { return: 'summary' });
  }
}

/**
 * Ids of entities in an order that no cache foresees.
 *
 * @param {{entities: number, count: number}} options
 * @returns {string[]}
 */
export function drawEntityIds({ entities, count }) {
  const random = makeRandom(5);
  return Array.from({ length: count }, () => entityIdOf(random() % entities));
}

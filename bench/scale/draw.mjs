import { makeRandom } from '../input/order.mjs';
import { entityCount, entityIdOf } from './history.mjs';

/**
 * Ids of entities of a kind, in an order that no cache foresees.
 *
 * @param {import('./history.mjs').EntityKind} kind
 * @param {{events: number, count: number, seed: number}} options
 */
export function drawEntityIds(kind, { events, count, seed }) {
  const random = makeRandom(seed);
  const entities = entityCount(kind, events);
  return Array.from({ length: count }, () => entityIdOf(kind, random() % entities));
}

/**
 * Ids and times of events all over the log.
 *
 * @param {import('../../dist/index.js').EmbeddedStore} store
 * @param {{events: number, count: number, seed: number}} options
 */
export async function drawEvents(store, { events, count, seed }) {
  const random = makeRandom(seed);
  const drawn = [];
  for (let number = 0; number < count; number++) {
    const fromPosition = 1 + (random() % events);
    const page = await store.readPage({ fromPosition, limit: 1 });
    drawn.push(...page.events);
  }
  return drawn.map(({ id, timestamp, position }) => ({ id, timestamp, position }));
}

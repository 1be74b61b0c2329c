import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { duckOverNdjson, numberOf } from '../columnar/duckOverNdjson.mjs';
import { median } from '../harness/statistics.mjs';
import { appendOrders } from '../read/preparedStore.mjs';
import { openEventStore } from '../../dist/index.js';

const eventsPerEntity = 10;
const typeCount = 20;
/** Of the peer, which takes seconds. */
const peerTurns = 3;
const price = 'items.0.price_cents';
const quantity = 'items.0.quantity';

/**
 * A question to the store, and the same one in SQL; each gives a number, which must be the same.
 *
 * @type {Record<string, {ask: (store: import('../../dist/index.js').EmbeddedStore) => Promise<number>,
 *   sql: string}>}
 */
const questions = {
  /** Events of the type that has most. */
  types: {
    ask: async ({ analytics }) =>
      (await analytics.counts({ limit: typeCount })).counts[0]?.count ?? 0,
    sql: 'SELECT count(*) AS n FROM events GROUP BY event_type ORDER BY n DESC LIMIT 1',
  },
  /** The same between two times, which the index does not know. */
  'types-bounded': {
    ask: async ({ analytics }) => (await analytics.counts({ since: 1 })).counts[0]?.count ?? 0,
    sql: 'SELECT count(*) AS n FROM events GROUP BY event_type ORDER BY n DESC LIMIT 1',
  },
  entities: {
    ask: async ({ analytics }) => (await analytics.summary({ since: 1 })).uniqueEntities,
    sql: 'SELECT count(DISTINCT entity_id) AS n FROM events',
  },
  days: {
    ask: async ({ analytics }) => (await analytics.frequency()).totalEvents,
    sql: `SELECT sum(n)::BIGINT AS n FROM (
      SELECT date_trunc('day', timestamp), event_type, count(*) AS n FROM events GROUP BY ALL)`,
  },
  field: {
    ask: async ({ analytics }) => (await analytics.field(price)).percentiles[3]?.value ?? 0,
    sql: `SELECT quantile_cont(v, 0.99) AS n, stddev(v), sum(v), min(v), max(v),
        quantile_cont(v, [0.5, 0.9, 0.95])
      FROM (SELECT (payload->>'$.items[0].price_cents')::DOUBLE AS v FROM events)`,
  },
  /** Numbers of a field, grouped by another one. */
  groups: {
    ask: async ({ analytics }) =>
      (await analytics.field(price, { groupBy: `payload.${quantity}` })).groups?.[0]?.count ?? 0,
    sql: `SELECT count(v) AS n, sum(v), min(v), max(v), quantile_cont(v, [0.5, 0.9, 0.95, 0.99])
      FROM (SELECT payload->>'$.items[0].quantity' AS g,
          (payload->>'$.items[0].price_cents')::DOUBLE AS v FROM events)
      GROUP BY g ORDER BY n DESC LIMIT 1`,
  },
};

/**
 * Milliseconds for one answer about the events of a store, against DuckDB, which reads the same events from
 * NDJSON each time, as whoever has no store of columns would.
 *
 * @param {{of: string, events: number, dataDir: string, seconds: number}} options
 */
export async function run({ of, events, dataDir, seconds }) {
  const question = questions[of];
  if (question === undefined) throw new Error(`there is no question ${of}`);
  const store = await openEventStore({ dataDir, snapshots: { automatic: false } });
  const entities = events / eventsPerEntity;
  const eventTypeOf = (/** @type {number} */ entity) => `order.kind-${entity % typeCount}`;
  await appendOrders(store, { entities, eventsPerEntity, eventTypeOf });
  const duck = await duckOverNdjson(store, join(dataDir, 'events.ndjson'));
  const sql = () => numberOf(duck, question.sql);
  const [answer, expected] = [await question.ask(store), await sql()];
  if (Math.abs(answer - expected) > 1e-6) throw new Error(`expected ${expected}, got ${answer}`);
  const measured = await measure(() => question.ask(store), { seconds, turns: 1 });
  const peer = await measure(sql, { seconds: 0, turns: peerTurns });
  duck.closeSync();
  await store.close();
  return { value: measured, peer };
}

/**
 * @param {() => Promise<unknown>} work
 * @param {{seconds: number, turns: number}} least how long, and how often it is done at least
 */
async function measure(work, { seconds, turns }) {
  const times = [];
  const end = performance.now() + seconds * 1000;
  while (times.length < turns || performance.now() < end) {
    const begin = performance.now();
    await work();
    times.push(performance.now() - begin);
  }
  return median(times);
}

import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { openEventStore } from '../../dist/index.js';
import { median } from '../harness/statistics.mjs';
import { appendOrders } from '../read/preparedStore.mjs';
import { duckOverNdjson, numberOf } from './duckOverNdjson.mjs';

const eventsPerEntity = 10;
const turns = 5;
const price = 'items.0.price_cents';

/**
 * Milliseconds for the sum of a field of all payloads, read as a typed column of record batches; beside DuckDB,
 * which reads the same events from NDJSON.
 *
 * @param {{events: number, dataDir: string}} options
 */
export async function run({ events, dataDir }) {
  const store = await openEventStore({ dataDir, snapshots: { automatic: false } });
  await appendOrders(store, { entities: events / eventsPerEntity, eventsPerEntity });
  const duck = await duckOverNdjson(store, join(dataDir, 'events.ndjson'));
  const sql = `SELECT sum((payload->>'$.items[0].price_cents')::DOUBLE) FROM events`;
  const ours = await timed(() => sumOf(store));
  const theirs = await timed(() => numberOf(duck, sql));
  if (ours.answer !== theirs.answer) {
    throw new Error(`expected ${theirs.answer}, got ${ours.answer}`);
  }
  duck.closeSync();
  await store.close();
  return { value: ours.ms, peer: theirs.ms };
}

/** @param {import('../../dist/index.js').EmbeddedStore} store */
async function sumOf(store) {
  let sum = 0;
  for await (const batch of store.columns({ columns: [], fields: { [price]: 'float64' } })) {
    const column = batch.getChild(price);
    if (column === null) throw new Error(`there is no column ${price}`);
    for (const value of column.toArray()) sum += value;
  }
  return sum;
}

/** @param {() => Promise<number>} work */
async function timed(work) {
  const times = [];
  let answer = Number.NaN;
  for (let turn = 0; turn < turns; turn++) {
    const begin = performance.now();
    answer = await work();
    times.push(performance.now() - begin);
  }
  return { answer, ms: median(times) };
}

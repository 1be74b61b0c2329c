import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { DuckDBInstance } from '@duckdb/node-api';

import { openEventStore } from '../../dist/index.js';
import { appendOrders } from '../read/preparedStore.mjs';
import { duckOverNdjson, numberOf } from './duckOverNdjson.mjs';
import { exportParquet } from './exportProcess.mjs';

const eventsPerEntity = 10;
const bytesPerMB = 1_000_000;
const typeCount = 20;
const price = 'items.0.price_cents';

/**
 * `allsource export` of all events of a store as one Parquet file. `rate`: events a second, beside DuckDB that
 * writes the same events from NDJSON. `size`: of the file, beside that of NDJSON. `memory`: the highest of the
 * process. In every run DuckDB reads the file, and must count and sum what the store's analytics do.
 *
 * @param {{of: 'rate' | 'size' | 'memory', events: number, dataDir: string}} options
 */
export async function run({ of, events, dataDir }) {
  const place = join(dataDir, 'store');
  const file = join(dataDir, 'events.parquet');
  const store = await openEventStore({ dataDir: place, snapshots: { automatic: false } });
  const eventTypeOf = (/** @type {number} */ entity) => `order.kind-${entity % typeCount}`;
  await appendOrders(store, { entities: events / eventsPerEntity, eventsPerEntity, eventTypeOf });
  const expected = await answersOf(store);
  const peer = of === 'memory' ? undefined : await exportByDuck(store, dataDir);
  await store.close();
  const { seconds, peakMB } = await exportParquet(place, file);
  const found = await answersIn(file);
  if (found !== expected) throw new Error(`the file has ${found}, the store ${expected}`);
  const { size } = await stat(file);
  const rate = events / seconds;
  const extra = { answers: expected, seconds, peakMB, rate, parquetMB: size / bytesPerMB, ...peer };
  if (of === 'memory') return { value: peakMB, extra };
  if (peer?.count !== events) throw new Error(`expected ${events} events, got ${peer?.count}`);
  if (of === 'size') return { value: size / bytesPerMB, peer: peer.ndjsonMB, extra };
  return { value: rate, peer: events / peer.duckSeconds, extra };
}

/**
 * Events of each type, and numbers of a field.
 *
 * @param {import('../../dist/index.js').EmbeddedStore} store
 */
async function answersOf({ analytics }) {
  const { counts } = await analytics.counts({ limit: typeCount });
  const { count, sum, min, max } = await analytics.field(price);
  const types = counts.map(({ value, count: events }) => `${value} ${events}`).sort();
  return JSON.stringify([types, count, sum, min, max]);
}

/** @param {string} file */
async function answersIn(file) {
  const duck = await (await DuckDBInstance.create()).connect();
  const rowsOf = async (/** @type {string} */ sql) => (await duck.runAndReadAll(sql)).getRowsJS();
  const types = await rowsOf(
    `SELECT event_type || ' ' || count(*) FROM '${file}' GROUP BY event_type ORDER BY 1`,
  );
  const [numbers] = await rowsOf(
    `SELECT count(v), sum(v), min(v), max(v) FROM
      (SELECT (payload->>'$.items[0].price_cents')::DOUBLE AS v FROM '${file}')`,
  );
  duck.closeSync();
  return JSON.stringify([types.flat(), ...(numbers ?? []).map(Number)]);
}

/**
 * @param {import('../../dist/index.js').EmbeddedStore} store
 * @param {string} dataDir
 */
async function exportByDuck(store, dataDir) {
  const ndjson = join(dataDir, 'events.ndjson');
  const file = join(dataDir, 'duck.parquet');
  const duck = await duckOverNdjson(store, ndjson);
  const begin = performance.now();
  await duck.run(`COPY events TO '${file}' (FORMAT parquet, COMPRESSION zstd)`);
  const duckSeconds = (performance.now() - begin) / 1000;
  const count = await numberOf(duck, `SELECT count(*) FROM '${file}'`);
  const ndjsonMB = (await stat(ndjson)).size / bytesPerMB;
  const duckMB = (await stat(file)).size / bytesPerMB;
  duck.closeSync();
  await rm(ndjson);
  await rm(file);
  return { duckSeconds, duckMB, ndjsonMB, count };
}

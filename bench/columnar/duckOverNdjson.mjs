import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { DuckDBInstance } from '@duckdb/node-api';

/**
 * DuckDB over the events of a store as NDJSON: as `events`, of which the file is read each time, as whoever
 * has no store of columns would.
 *
 * @param {import('../../dist/index.js').EmbeddedStore} store
 * @param {string} file that is written
 */
export async function duckOverNdjson(store, file) {
  await pipeline(Readable.from(store.readNdjson()), createWriteStream(file));
  const duck = await (await DuckDBInstance.create()).connect();
  await duck.run(`CREATE VIEW events AS SELECT * FROM read_json('${file}',
    format = 'newline_delimited', columns = {position: 'BIGINT', timestamp: 'TIMESTAMP',
    version: 'BIGINT', id: 'UUID', tenant_id: 'VARCHAR', entity_id: 'VARCHAR', event_type: 'VARCHAR',
    tags: 'VARCHAR[]', metadata: 'JSON', payload: 'JSON'})`);
  return duck;
}

/**
 * The first value of what a query answers.
 *
 * @param {import('@duckdb/node-api').DuckDBConnection} duck
 * @param {string} sql
 */
export async function numberOf(duck, sql) {
  return Number((await duck.runAndReadAll(sql)).getRows()[0]?.[0]);
}

// The same events in DuckDB, loaded from what the store exports.
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { EmbeddedStore } from '../../src/index.js';

type Row = Readonly<Record<string, unknown>>;

export class Duck {
  readonly #connection: DuckDBConnection;
  #loads = 0;

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  static async open(): Promise<Duck> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    return new Duck(connection);
  }

  /** The table `events`: position, t (microseconds), ts, entity_id, event_type, payload. */
  async load(store: EmbeddedStore, directory: string): Promise<void> {
    this.#loads += 1;
    const file = join(directory, `${this.#loads}.ndjson`);
    await pipeline(Readable.from(store.readNdjson()), createWriteStream(file));
    await this.#connection.run(
      `CREATE OR REPLACE TABLE events AS
       SELECT position, epoch_us(timestamp) AS t, timestamp AS ts, entity_id, event_type, payload
       FROM read_json('${file}', format = 'newline_delimited', columns = {
         position: 'BIGINT', timestamp: 'TIMESTAMP', entity_id: 'VARCHAR', event_type: 'VARCHAR',
         payload: 'JSON'})`,
    );
  }

  /** Rows with numbers as numbers; whole ones beyond 2^53 are not asked for here. */
  async rows(sql: string): Promise<readonly Row[]> {
    const reader = await this.#connection.runAndReadAll(sql);
    return reader
      .getRowObjects()
      .map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([name, value]) => [
            name,
            typeof value === 'bigint' ? Number(value) : value,
          ]),
        ),
      );
  }

  async row(sql: string): Promise<Row> {
    return (await this.rows(sql))[0] ?? {};
  }

  close(): void {
    this.#connection.closeSync();
  }
}

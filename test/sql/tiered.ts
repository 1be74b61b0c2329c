// A store with Parquet files before its log, as the tier writes them: any tenants in each.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { onTestFinished } from 'vitest';
import { ColumnReader } from '../../src/columnar/index.js';
import { NativeEventStore, SystemAccess, openCore } from '../../src/eventStore/index.js';
import type { PlacedFile } from '../../src/parquet/index.js';
import { StoreSql, checkedSqlPolicy } from '../../src/sql/index.js';
import type { SqlOptions, SqlRow } from '../../src/sql/index.js';
import { makeDirectory } from '../support/store.js';

export class Tiered {
  readonly store: NativeEventStore;
  readonly sql: StoreSql;
  readonly directory: string;
  readonly #reader: ColumnReader;
  readonly #system: SystemAccess;
  files: readonly PlacedFile[] = [];
  /** Readers that have files just now. */
  held = 0;

  private constructor(core: Awaited<ReturnType<typeof openCore>>, directory: string) {
    this.store = new NativeEventStore(core, { memory: true });
    this.directory = directory;
    this.#system = new SystemAccess(core);
    this.#reader = new ColumnReader(this.#system);
    this.sql = new StoreSql(this.#system, {
      columns: this.#reader,
      policy: checkedSqlPolicy({ memoryMb: 256 }),
      files: {
        mustBeSound: () => Promise.resolve(),
        withFiles: async (work) => {
          this.held += 1;
          try {
            return await work(this.files);
          } finally {
            this.held -= 1;
          }
        },
      },
    });
  }

  static async open(): Promise<Tiered> {
    const core = await openCore({ memory: true }, { milestoneEvery: 0 });
    const tiered = new Tiered(core, await makeDirectory());
    onTestFinished(async () => {
      await tiered.sql.close();
      await tiered.store.close();
    });
    return tiered;
  }

  get watermark(): number {
    return this.#system.watermark;
  }

  /** A file with all events between two positions, in the place of those within. */
  async seal(first: number, last: number, tenants: readonly string[]): Promise<void> {
    const parts = await Promise.all(tenants.map((tenant) => this.#part(tenant)));
    const name = `${first}-${last}.parquet`;
    const path = join(this.directory, name);
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run(
      `COPY (SELECT * FROM read_parquet([${parts.map((part) => `'${part}'`).join(', ')}])
        WHERE position BETWEEN ${first} AND ${last} ORDER BY position)
       TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`,
    );
    connection.closeSync();
    instance.closeSync();
    const times = { firstTimestamp: null, lastTimestamp: null };
    const numbers = { ...times, eventCount: 0, sizeBytes: 0, createdAt: 0 };
    const file = { name, path, firstPosition: first, lastPosition: last, sha256: '', ...numbers };
    const others = this.files.filter(({ firstPosition }) => firstPosition < first);
    this.files = [...others, file];
  }

  async rows(query: string, options: SqlOptions = {}): Promise<readonly SqlRow[]> {
    return (await this.sql.query(query, options)).toArray();
  }

  async #part(tenantId: string): Promise<string> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.#reader.readParquet({ tenantId })) pieces.push(piece);
    const path = join(await makeDirectory(), `${tenantId}.parquet`);
    await writeFile(path, Buffer.concat(pieces));
    return path;
  }
}

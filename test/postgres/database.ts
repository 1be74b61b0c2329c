import { inject, onTestFinished } from 'vitest';
import pg from 'pg';
import { postgresStorage } from '../../src/index.js';
import type { PostgresClient, PostgresPool } from '../../src/index.js';
import type { CommitFault, SqlDatabase } from '../projections/storage/sqlDatabase.js';

let schemas = 0;

export interface PostgresDatabase extends SqlDatabase {
  readonly schema: string;
  readonly pool: pg.Pool;
}

export function makePool(options: pg.PoolConfig = {}): pg.Pool {
  const host = inject('postgresHost');
  const user = 'postgres';
  const pool = new pg.Pool({ host, user, database: 'postgres', max: 3, ...options });
  // Told of connections that are cut while they do nothing.
  pool.on('error', () => undefined);
  onTestFinished(() => pool.end());
  return pool;
}

/** A name that no other test of the run has. */
export function newSchema(): string {
  schemas += 1;
  return `test_${process.pid}_${schemas}`;
}

/** The pool, whose commits fail as they are told to. */
function failing(pool: pg.Pool, next: () => CommitFault | undefined): PostgresPool {
  return {
    connect: async (): Promise<PostgresClient> => {
      const client = await pool.connect();
      return {
        query: async (text, values) => {
          const fault = text === 'COMMIT' ? next() : undefined;
          const result = fault === 'not made' ? { rows: [] } : await client.query(text, values);
          if (fault !== undefined) throw new Error(fault);
          return result;
        },
        release: (destroy) => client.release(destroy),
      };
    },
  };
}

export async function makeDatabase(): Promise<PostgresDatabase> {
  const pool = makePool();
  const schema = newSchema();
  const prefix = `${schema}.allsource_`;
  return {
    ...{ prefix, schema, pool },
    storage: () => postgresStorage(makePool(), { schema }),
    failing: (next) => postgresStorage(failing(makePool(), next), { schema }),
    query: async (sql) => (await pool.query<Record<string, unknown>>(sql)).rows,
    copy: async () => {
      const tables = ['spaces', 'rows', 'parked'];
      for (const table of tables) {
        await pool.query(`CREATE TABLE ${schema}.kept_${table} AS SELECT * FROM ${prefix}${table}`);
      }
      const restored = tables.map(
        (table) => `DELETE FROM ${prefix}${table};
          INSERT INTO ${prefix}${table} OVERRIDING SYSTEM VALUE SELECT * FROM ${schema}.kept_${table};`,
      );
      return async () => void (await pool.query(`BEGIN; ${restored.join(' ')} COMMIT`));
    },
  };
}

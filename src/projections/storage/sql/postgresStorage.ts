import { AllSourceError } from '../../../domain/index.js';
import type { JsonValue } from '../../../domain/index.js';
import { StatesMovedError } from '../statesMovedError.js';
import type {
  KeptStates,
  ProjectionStorage,
  StateChange,
  StateCommit,
  StateSpace,
  StoredStates,
} from '../types.js';
import { keyRange, pageOf, statesInOrder } from './keyRange.js';
import type { StateRow } from './keyRange.js';
import { inTransaction, withClient } from './postgresConnection.js';
import type { BoundedPool, PostgresClient, PostgresPool } from './postgresConnection.js';
import { statesQuery, storedReason, tableNames } from './tables.js';
import type { TableNames } from './tables.js';

export interface PostgresStorageOptions {
  /** Where the tables are; it is made where it is missing. Default `public`. */
  readonly schema?: string | undefined;
  /** What the names of the tables begin with; default `allsource_`. */
  readonly prefix?: string | undefined;
  /**
   * Milliseconds that a call waits for a database that does not answer, 1-3 600 000; default 30 000. The
   * removal of states that are not read any more may take twenty times as long.
   */
  readonly timeoutMs?: number | undefined;
}

const timeoutMsDefault = 30_000;
const timeoutMsMax = 3_600_000;
/** Of many rows at a time. */
const dropTimeouts = 20;

/**
 * Keeps the states of projections in PostgreSQL (12 or newer): states and position are one transaction.
 * The tables are made when they are first used. Throws `invalid_configuration`.
 *
 * @example
 * import pg from 'pg';
 * const pool = new pg.Pool({ connectionString });
 * pool.on('error', (error) => log.warn(error)); // a connection that is lost while it does nothing
 * await store.projections.start(totals, { storage: postgresStorage(pool) });
 */
export function postgresStorage(
  pool: PostgresPool,
  options: PostgresStorageOptions = {},
): ProjectionStorage {
  const { schema = 'public', prefix = 'allsource_', timeoutMs = timeoutMsDefault } = options;
  if (!Number.isSafeInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > timeoutMsMax) {
    const expected = `expected whole milliseconds from 1 to ${timeoutMsMax}, got ${timeoutMs}`;
    throw new AllSourceError('invalid_configuration', `timeoutMs: ${expected}`);
  }
  return new PostgresStorage({ pool, timeoutMs }, schema, tableNames(prefix, schema));
}

class PostgresStorage implements ProjectionStorage {
  readonly #pool: BoundedPool;
  readonly #schema: string;
  readonly #names: TableNames;
  #tables: Promise<void> | undefined;

  constructor(pool: BoundedPool, schema: string, names: TableNames) {
    this.#pool = pool;
    this.#schema = schema;
    this.#names = names;
  }

  open(space: StateSpace): Promise<KeptStates> {
    const { spaces, parked } = this.#names;
    const sql = `SELECT position::text, event_id,
      (SELECT count(*) FROM ${parked} WHERE space_id = id)::text AS parked
      FROM ${spaces} WHERE ${isSpace}`;
    return this.#using(async () => {
      const [row] = await this.#rows<KeptRow>(sql, valuesOf(space));
      if (row === undefined) return { position: 0, parked: 0 };
      const { position, parked: count, event_id: eventId } = row;
      return { position: Number(position), parked: Number(count), eventId };
    });
  }

  load(space: StateSpace, keys: readonly string[]): Promise<readonly (JsonValue | undefined)[]> {
    const sql = `SELECT key, state::text FROM ${this.#names.rows}
      WHERE space_id = (${this.#idQuery}) AND key = ANY ($4::text[])`;
    // No key has it, and PostgreSQL does not take it.
    const possible = keys.filter((key) => !key.includes('\0'));
    return this.#using(async () =>
      statesInOrder(keys, await this.#rows<StateRow>(sql, [...valuesOf(space), possible])),
    );
  }

  commit(space: StateSpace, commit: StateCommit): Promise<void> {
    return this.#transaction(async (client) => {
      const { after, position, eventId, parked } = commit;
      const row = await this.#lock(client, space);
      if ((row?.position ?? 0) !== after) {
        throw new StatesMovedError(space, after, row?.position ?? 0);
      }
      const id = row?.id ?? (await this.#insertSpace(client, space));
      await this.#put(client, id, commit.changes);
      await this.#remove(client, id, commit.changes);
      if (parked.length > 0) await this.#park(client, id, parked);
      const move = `UPDATE ${this.#names.spaces} SET position = $2, event_id = $3 WHERE id = $1`;
      await client.query(move, [id, position, eventId]);
    });
  }

  async list(
    space: StateSpace,
    page: { readonly prefix: string; readonly from: string | null; readonly limit: number },
  ): Promise<StoredStates> {
    const range = keyRange(page.prefix, page.from);
    if (range === undefined) return { states: [], next: null };
    const { conditions, values } = range;
    const bounds = conditions.map((condition, i) => ` AND ${condition}$${i + 4}`).join('');
    const sql = `SELECT key, state::text FROM ${this.#names.rows}
      WHERE space_id = (${this.#idQuery})${bounds} ORDER BY key LIMIT $${values.length + 4}`;
    return this.#using(async () => {
      const all = [...valuesOf(space), ...values, page.limit + 1];
      return pageOf(await this.#rows<StateRow>(sql, all), page.limit);
    });
  }

  parked(
    space: StateSpace,
  ): Promise<readonly { readonly position: number; readonly reason: string }[]> {
    const sql = `SELECT position::text, reason FROM ${this.#names.parked}
      WHERE space_id = (${this.#idQuery}) ORDER BY ${this.#names.parked}.position`;
    return this.#using(async () => {
      const rows = await this.#rows<ParkedRow>(sql, valuesOf(space));
      return rows.map(({ position, reason }) => ({ position: Number(position), reason }));
    });
  }

  activate(space: StateSpace): Promise<void> {
    return this.#transaction(async (client) => {
      const { spaces } = this.#names;
      const id = (await this.#lock(client, space))?.id ?? (await this.#insertSpace(client, space));
      const others = `UPDATE ${spaces} SET is_current = false
        WHERE tenant_id = $1 AND projection = $2 AND is_current AND id <> $3`;
      await client.query(others, [space.tenantId, space.projection, id]);
      const one = `UPDATE ${spaces} SET is_current = true WHERE id = $1 AND NOT is_current`;
      await client.query(one, [id]);
    });
  }

  drop(space: StateSpace): Promise<void> {
    const { spaces, rows, parked } = this.#names;
    const sql = `WITH
      dropped AS (SELECT id FROM ${spaces} WHERE tenant_id = $1 AND projection = $2 AND generation <= $3),
      rows AS (DELETE FROM ${rows} WHERE space_id IN (SELECT id FROM dropped)),
      parked AS (DELETE FROM ${parked} WHERE space_id IN (SELECT id FROM dropped))
      DELETE FROM ${spaces} WHERE id IN (SELECT id FROM dropped)`;
    const { pool, timeoutMs } = this.#pool;
    const patient = { pool, timeoutMs: timeoutMs * dropTimeouts };
    return this.#using(() =>
      withClient(patient, async (client) => void (await client.query(sql, valuesOf(space)))),
    );
  }

  /** All changed states by one statement. */
  async #put(client: PostgresClient, id: string, changes: readonly StateChange[]): Promise<void> {
    const kept = changes.filter(({ text }) => text !== undefined);
    if (kept.length === 0) return;
    const sql = `INSERT INTO ${this.#names.rows} (space_id, key, state)
      SELECT $1, changed.key, changed.state::json
      FROM unnest($2::text[], $3::text[]) AS changed (key, state)
      ON CONFLICT (space_id, key) DO UPDATE SET state = excluded.state`;
    await client.query(sql, [id, kept.map(({ key }) => key), kept.map(({ text }) => text)]);
  }

  async #remove(
    client: PostgresClient,
    id: string,
    changes: readonly StateChange[],
  ): Promise<void> {
    const removed = changes.filter(({ text }) => text === undefined).map(({ key }) => key);
    if (removed.length === 0) return;
    const sql = `DELETE FROM ${this.#names.rows} WHERE space_id = $1 AND key = ANY ($2::text[])`;
    await client.query(sql, [id, removed]);
  }

  async #park(client: PostgresClient, id: string, parked: StateCommit['parked']): Promise<void> {
    const sql = `INSERT INTO ${this.#names.parked} (space_id, position, reason)
      SELECT $1, one.position, one.reason
      FROM unnest($2::bigint[], $3::text[]) AS one (position, reason) ON CONFLICT DO NOTHING`;
    const positions = parked.map(({ position }) => position);
    const reasons = parked.map(({ reason }) => storedReason(reason));
    await client.query(sql, [id, positions, reasons]);
  }

  get #idQuery(): string {
    return `SELECT id FROM ${this.#names.spaces} WHERE ${isSpace}`;
  }

  /** The row of a space, which nobody else changes until the transaction ends. */
  async #lock(
    client: PostgresClient,
    space: StateSpace,
  ): Promise<{ readonly id: string; readonly position: number } | undefined> {
    const sql = `SELECT id::text, position::text FROM ${this.#names.spaces}
      WHERE ${isSpace} FOR UPDATE`;
    const { rows } = await client.query(sql, valuesOf(space));
    const [row] = rows as { readonly id: string; readonly position: string }[];
    return row && { id: row.id, position: Number(row.position) };
  }

  async #insertSpace(client: PostgresClient, space: StateSpace): Promise<string> {
    const sql = `INSERT INTO ${this.#names.spaces} (tenant_id, projection, generation)
      VALUES ($1, $2, $3) RETURNING id::text`;
    const { rows } = await client.query(sql, valuesOf(space));
    return (rows as [{ readonly id: string }])[0].id;
  }

  #transaction<T>(work: (client: PostgresClient) => Promise<T>): Promise<T> {
    return this.#using(() => inTransaction(this.#pool, work));
  }

  /** Rows as the statement names their columns. */
  async #rows<R>(sql: string, values: unknown[]): Promise<R[]> {
    const { rows } = await withClient(this.#pool, (client) => client.query(sql, values));
    return rows as R[];
  }

  /** Makes the tables before, and looks for them again after an error: it may be another database now. */
  async #using<T>(work: () => Promise<T>): Promise<T> {
    this.#tables ??= this.#makeTables();
    try {
      await this.#tables;
      return await work();
    } catch (error) {
      this.#tables = undefined;
      throw error;
    }
  }

  async #makeTables(): Promise<void> {
    // Whoever may only read and write tables can use those that somebody else has made.
    const find = 'SELECT to_regclass($1) IS NOT NULL AS found';
    const [views] = await this.#rows<{ found: boolean }>(find, [this.#names.states]);
    if (views?.found === true) return;
    await inTransaction(this.#pool, async (client) => {
      // Two that make the same table at once would be an error of one of them.
      const lock = 'SELECT pg_advisory_xact_lock(hashtext($1))';
      await client.query(lock, [`allsource-core ${this.#names.states}`]);
      const schemas = 'SELECT 1 FROM pg_namespace WHERE nspname = $1';
      const { rows } = await client.query(schemas, [this.#schema]);
      if (rows.length === 0) await client.query(`CREATE SCHEMA "${this.#schema}"`);
      for (const statement of tableStatements(this.#names)) await client.query(statement);
    });
  }
}

const isSpace = 'tenant_id = $1 AND projection = $2 AND generation = $3';

/** Whole numbers are read as texts: how a driver gives them can be set. */
interface KeptRow {
  readonly position: string;
  readonly parked: string;
  readonly event_id: string | null;
}

interface ParkedRow {
  readonly position: string;
  readonly reason: string;
}

function valuesOf({ tenantId, projection, generation }: StateSpace): unknown[] {
  return [tenantId, projection, generation];
}

/** `json` keeps a state as it was written; `jsonb` would put its members in another order. */
function tableStatements(names: TableNames): string[] {
  const { spaces, rows, parked, states, current } = names;
  return [
    `CREATE TABLE IF NOT EXISTS ${spaces} (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      tenant_id text NOT NULL,
      projection text NOT NULL,
      generation bigint NOT NULL,
      is_current boolean NOT NULL DEFAULT false,
      position bigint NOT NULL DEFAULT 0,
      event_id text,
      UNIQUE (tenant_id, projection, generation))`,
    `CREATE UNIQUE INDEX IF NOT EXISTS ${current} ON ${spaces} (tenant_id, projection)
      WHERE is_current`,
    `CREATE TABLE IF NOT EXISTS ${rows} (
      space_id bigint NOT NULL,
      key text COLLATE "C" NOT NULL,
      state json NOT NULL,
      PRIMARY KEY (space_id, key))`,
    `CREATE TABLE IF NOT EXISTS ${parked} (
      space_id bigint NOT NULL,
      position bigint NOT NULL,
      reason text NOT NULL,
      PRIMARY KEY (space_id, position))`,
    `CREATE OR REPLACE VIEW ${states} AS ${statesQuery(names)}`,
  ];
}

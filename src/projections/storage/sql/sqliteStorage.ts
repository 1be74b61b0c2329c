import { StatesMovedError } from '../statesMovedError.js';
import type { JsonValue } from '../../../domain/index.js';
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
import { statesQuery, storedReason, tableNames } from './tables.js';
import type { TableNames } from './tables.js';

/** Keys that are removed by one transaction of `drop`: the process stands still meanwhile. */
const droppedKeys = 5000;

/** A connection: what `Database` of better-sqlite3 and libsql and `DatabaseSync` of node:sqlite have. */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
}

export interface SqliteStatement {
  run(...values: SqliteValue[]): unknown;
  get(...values: SqliteValue[]): unknown;
  all(...values: SqliteValue[]): unknown[];
}

export type SqliteValue = string | number | null;

export interface SqliteStorageOptions {
  /** What the names of the tables begin with; default `allsource_`. */
  readonly prefix?: string | undefined;
}

/**
 * Keeps the states of projections in a database of SQLite: states and position are one transaction. The
 * tables are made when they are first used. Throws `invalid_configuration`.
 *
 * @example
 * import Database from 'better-sqlite3';
 * const storage = sqliteStorage(new Database('states.db'));
 * await store.projections.start(totals, { storage });
 */
export function sqliteStorage(
  database: SqliteDatabase,
  options: SqliteStorageOptions = {},
): ProjectionStorage {
  return new SqliteStorage(database, tableNames(options.prefix ?? 'allsource_'));
}

class SqliteStorage implements ProjectionStorage {
  readonly #database: SqliteDatabase;
  readonly #names: TableNames;
  readonly #statements = new Map<string, SqliteStatement>();
  #hasTables = false;

  constructor(database: SqliteDatabase, names: TableNames) {
    this.#database = database;
    this.#names = names;
  }

  async open(space: StateSpace): Promise<KeptStates> {
    return this.#using(() => {
      const row = this.#rowOf(space);
      if (row === undefined) return { position: 0, parked: 0 };
      const sql = `SELECT count(*) AS parked FROM ${this.#names.parked} WHERE space_id = ?`;
      const { parked } = this.#statement(sql).get(row.id) as { parked: unknown };
      return { position: row.position, parked: Number(parked), eventId: row.eventId };
    });
  }

  async load(
    space: StateSpace,
    keys: readonly string[],
  ): Promise<readonly (JsonValue | undefined)[]> {
    return this.#using(() => {
      const sql =
        `SELECT key, state FROM ${this.#names.rows} WHERE space_id = (${this.#idQuery}) ` +
        'AND key IN (SELECT value FROM json_each(?))';
      const values = [...valuesOf(space), JSON.stringify(keys)];
      return statesInOrder(keys, this.#statement(sql).all(...values) as StateRow[]);
    });
  }

  async commit(space: StateSpace, commit: StateCommit): Promise<void> {
    this.#transaction(() => {
      const { after, position, eventId, parked } = commit;
      const row = this.#rowOf(space);
      if ((row?.position ?? 0) !== after) {
        throw new StatesMovedError(space, after, row?.position ?? 0);
      }
      const id = row?.id ?? this.#insertSpace(space);
      this.#write(id, commit.changes);
      const park = `INSERT OR IGNORE INTO ${this.#names.parked} VALUES (?, ?, ?)`;
      for (const one of parked) {
        this.#statement(park).run(id, one.position, storedReason(one.reason));
      }
      const move = `UPDATE ${this.#names.spaces} SET position = ?, event_id = ? WHERE id = ?`;
      this.#statement(move).run(position, eventId, id);
    });
  }

  async list(
    space: StateSpace,
    page: { readonly prefix: string; readonly from: string | null; readonly limit: number },
  ): Promise<StoredStates> {
    const range = keyRange(page.prefix, page.from);
    if (range === undefined) return { states: [], next: null };
    return this.#using(() => {
      const conditions = range.conditions.map((condition) => ` AND ${condition}?`).join('');
      const sql =
        `SELECT key, state FROM ${this.#names.rows} WHERE space_id = (${this.#idQuery})` +
        `${conditions} ORDER BY key LIMIT ?`;
      const values = [...valuesOf(space), ...range.values, page.limit + 1];
      return pageOf(this.#statement(sql).all(...values) as StateRow[], page.limit);
    });
  }

  async parked(
    space: StateSpace,
  ): Promise<readonly { readonly position: number; readonly reason: string }[]> {
    return this.#using(() => {
      const sql =
        `SELECT position, reason FROM ${this.#names.parked} WHERE space_id = (${this.#idQuery}) ` +
        'ORDER BY position';
      const rows = this.#statement(sql).all(...valuesOf(space)) as ParkedRow[];
      return rows.map(({ position, reason }) => ({ position: Number(position), reason }));
    });
  }

  async activate(space: StateSpace): Promise<void> {
    this.#transaction(() => {
      const id = this.#rowOf(space)?.id ?? this.#insertSpace(space);
      const { spaces } = this.#names;
      const others = `UPDATE ${spaces} SET is_current = 0 WHERE tenant_id = ? AND projection = ?
        AND is_current AND id <> ?`;
      this.#statement(others).run(space.tenantId, space.projection, id);
      this.#statement(`UPDATE ${spaces} SET is_current = 1 WHERE id = ?`).run(id);
    });
  }

  async drop(space: StateSpace): Promise<void> {
    const { spaces, parked } = this.#names;
    const dropped = `SELECT id FROM ${spaces}
      WHERE tenant_id = ? AND projection = ? AND generation <= ?`;
    const ids = this.#using(() => this.#statement(dropped).all(...valuesOf(space)) as SpaceRow[]);
    for (const { id } of ids) {
      while (this.#transaction(() => this.#removeRows(Number(id)))) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      this.#transaction(() => {
        this.#statement(`DELETE FROM ${parked} WHERE space_id = ?`).run(Number(id));
        this.#statement(`DELETE FROM ${spaces} WHERE id = ?`).run(Number(id));
      });
    }
  }

  /** Whether there may be more. */
  #removeRows(id: number): boolean {
    const { rows } = this.#names;
    const some = `SELECT key FROM ${rows} WHERE space_id = ? ORDER BY key LIMIT 1 OFFSET ?`;
    const end = this.#statement(some).get(id, droppedKeys) as { key: string } | undefined;
    const all = `DELETE FROM ${rows} WHERE space_id = ?`;
    if (end === undefined) this.#statement(all).run(id);
    else this.#statement(`${all} AND key < ?`).run(id, end.key);
    return end !== undefined;
  }

  #write(id: number, changes: readonly StateChange[]): void {
    const { rows } = this.#names;
    const put = this.#statement(`INSERT INTO ${rows} (space_id, key, state) VALUES (?, ?, ?)
      ON CONFLICT (space_id, key) DO UPDATE SET state = excluded.state`);
    const remove = this.#statement(`DELETE FROM ${rows} WHERE space_id = ? AND key = ?`);
    for (const { key, text } of changes) {
      if (text === undefined) remove.run(id, key);
      else put.run(id, key, text);
    }
  }

  get #idQuery(): string {
    const { spaces } = this.#names;
    return `SELECT id FROM ${spaces} WHERE tenant_id = ? AND projection = ? AND generation = ?`;
  }

  #rowOf(space: StateSpace): { id: number; position: number; eventId: string | null } | undefined {
    const sql = `SELECT id, position, event_id FROM ${this.#names.spaces}
      WHERE tenant_id = ? AND projection = ? AND generation = ?`;
    const row = this.#statement(sql).get(...valuesOf(space)) as SpaceRow | undefined;
    if (row === undefined) return undefined;
    // A connection may be set to give whole numbers as BigInt.
    return { id: Number(row.id), position: Number(row.position), eventId: row.event_id };
  }

  #insertSpace(space: StateSpace): number {
    const sql = `INSERT INTO ${this.#names.spaces} (tenant_id, projection, generation)
      VALUES (?, ?, ?) RETURNING id`;
    const { id } = this.#statement(sql).get(...valuesOf(space)) as SpaceRow;
    return Number(id);
  }

  #transaction<T>(work: () => T): T {
    return this.#using(() => {
      // Where the user has a transaction open this fails, and leaves it alone.
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        this.#database.exec('COMMIT');
        return result;
      } catch (error) {
        this.#rollBack();
        throw error;
      }
    });
  }

  #rollBack(): void {
    try {
      this.#database.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back already, as it does after some errors.
    }
  }

  /** Makes the tables before, and again after an error: the file may be another one now. */
  #using<T>(work: () => T): T {
    try {
      if (!this.#hasTables) this.#database.exec(tablesText(this.#names));
      this.#hasTables = true;
      return work();
    } catch (error) {
      this.#hasTables = false;
      this.#statements.clear();
      throw error;
    }
  }

  #statement(sql: string): SqliteStatement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** As the columns come; whole numbers may be BigInts. */
interface SpaceRow {
  readonly id: unknown;
  readonly position: unknown;
  readonly event_id: string | null;
}

interface ParkedRow {
  readonly position: unknown;
  readonly reason: string;
}

function valuesOf({ tenantId, projection, generation }: StateSpace): [string, string, number] {
  return [tenantId, projection, generation];
}

/** Texts are compared as bytes of UTF-8 where no collation is named. */
function tablesText(names: TableNames): string {
  const { spaces, rows, parked, states, current } = names;
  return `
CREATE TABLE IF NOT EXISTS ${spaces} (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant_id TEXT NOT NULL,
  projection TEXT NOT NULL,
  generation INTEGER NOT NULL,
  is_current INTEGER NOT NULL DEFAULT 0,
  position INTEGER NOT NULL DEFAULT 0,
  event_id TEXT,
  UNIQUE (tenant_id, projection, generation)
);
CREATE UNIQUE INDEX IF NOT EXISTS ${current} ON ${spaces} (tenant_id, projection) WHERE is_current;
CREATE TABLE IF NOT EXISTS ${rows} (
  space_id INTEGER NOT NULL,
  key TEXT NOT NULL,
  state TEXT NOT NULL,
  PRIMARY KEY (space_id, key)
);
CREATE TABLE IF NOT EXISTS ${parked} (
  space_id INTEGER NOT NULL,
  position INTEGER NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (space_id, position)
);
CREATE VIEW IF NOT EXISTS ${states} AS ${statesQuery(names)};
`;
}

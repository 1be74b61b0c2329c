import { randomBytes } from 'node:crypto';
import type { ColumnReader } from '../../columnar/index.js';
import { AllSourceError } from '../../domain/index.js';
import { tailPercent } from '../limits.js';
import type { Database } from './database.js';
import { RowWriter, tableColumns } from './rowWriter.js';

const mebibyte = 1024 ** 2;

/** A tenant's events behind the Parquet files, as a table; the events up to `upTo` are in it. */
interface Table {
  readonly name: string;
  /** Events up to here are not in it. */
  readonly after: number;
  upTo: number;
  bytes: number;
  /** Queries that read it. */
  readers: number;
}

export interface TailWanted {
  readonly tenantId: string;
  /** The last position of the Parquet files, and the one that must be in the table. */
  readonly after: number;
  readonly upTo: number;
  /** First position of the log. */
  readonly logBegin: number;
  readonly signal: AbortSignal;
}

export interface HeldTable {
  readonly name: string;
  readonly release: () => void;
}

/** What of the log is in no Parquet file yet, in tables of DuckDB that only get what is new. */
export class Tail {
  readonly #database: Database;
  readonly #columns: ColumnReader;
  /** By tenant, the one that was asked for last behind the others. */
  readonly #tables = new Map<string, Table>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(database: Database, columns: ColumnReader) {
    this.#database = database;
    this.#columns = columns;
  }

  /** A table with a tenant's events between two positions, at least; it stays until it is released. */
  hold(wanted: TailWanted): Promise<HeldTable> {
    const held = this.#turn.then(() => this.#hold(wanted));
    this.#turn = held.catch(() => undefined);
    return held;
  }

  async #hold(wanted: TailWanted): Promise<HeldTable> {
    const table = await this.#tableOf(wanted);
    await this.#fill(table, wanted);
    table.readers += 1;
    const release = (): void => {
      table.readers -= 1;
      if (this.#tables.get(wanted.tenantId) !== table) void this.#dropUnread(table);
    };
    return { name: table.name, release };
  }

  async #tableOf({ tenantId, after }: TailWanted): Promise<Table> {
    const known = this.#tables.get(tenantId);
    // Where it has more than the files leave to it, they were taken away, or it has what they have by now.
    const table = known?.after === after ? known : await this.#nextTable(known, after);
    this.#tables.delete(tenantId);
    this.#tables.set(tenantId, table);
    if (known !== undefined && known !== table) await this.#dropUnread(known);
    return table;
  }

  /** A new table, with what it shares with the one before it. */
  async #nextTable(before: Table | undefined, after: number): Promise<Table> {
    const name = `tail_${randomBytes(16).toString('hex')}`;
    await this.#database.run(`CREATE TABLE ${name} (${tableColumns})`);
    const table = { name, after, upTo: after, bytes: 0, readers: 0 };
    if (before === undefined || after < before.after || before.upTo <= after) return table;
    await this.#database.run(`INSERT INTO ${name} FROM ${before.name} WHERE position > ${after}`);
    const [share] = await this.#database.row(
      `SELECT count_if(position > ${after}) / greatest(count(*), 1) FROM ${before.name}`,
    );
    return { ...table, upTo: before.upTo, bytes: before.bytes * Number(share) };
  }

  async #fill(table: Table, wanted: TailWanted): Promise<void> {
    if (table.upTo >= wanted.upTo) return;
    const { tenantId } = wanted;
    const connection = await this.#database.connect();
    try {
      const writer = await RowWriter.open(this.#database.duck, connection, table.name);
      await this.#append(table, writer, wanted);
    } catch (error) {
      // It may have a part of what was to be added.
      this.#tables.delete(tenantId);
      await this.#dropUnread(table);
      throw error;
    } finally {
      connection.closeSync();
    }
  }

  /** What was added before the query was given up need not be added again. */
  async #append(table: Table, writer: RowWriter, wanted: TailWanted): Promise<void> {
    const { tenantId, upTo, logBegin, signal } = wanted;
    const batches = this.#columns.read({
      tenantId,
      fromPosition: Math.max(table.upTo + 1, logBegin),
      columns: RowWriter.columns,
      batchRows: RowWriter.rowsMax,
    });
    for await (const batch of batches) {
      if (signal.aborted) {
        table.upTo = Math.max(table.upTo, writer.finish());
        return;
      }
      table.bytes += writer.append(batch);
      if (this.#bytes > this.#bytesMax) await this.#makeRoom(table);
    }
    table.upTo = Math.max(upTo, writer.finish());
  }

  get #bytes(): number {
    return [...this.#tables.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get #bytesMax(): number {
    return this.#database.options.memoryMb * mebibyte * (tailPercent / 100);
  }

  /** Tables that nobody reads go, the one that was asked for longest ago first. */
  async #makeRoom(filled: Table): Promise<void> {
    for (const [tenantId, table] of this.#tables) {
      if (table === filled || table.readers > 0) continue;
      this.#tables.delete(tenantId);
      await this.#dropUnread(table);
      if (this.#bytes <= this.#bytesMax) return;
    }
    const megabytes = Math.floor(this.#bytesMax / mebibyte);
    throw new AllSourceError(
      'unprocessable',
      `the events that are in no Parquet file yet take more than ${megabytes} MiB, half of the memory ` +
        'of sql; give it more, or let the store write Parquet files',
    );
  }

  async #dropUnread(table: Table): Promise<void> {
    if (table.readers > 0) return;
    // It can't be dropped where the database was closed, and is gone then.
    await this.#database.run(`DROP TABLE IF EXISTS ${table.name}`).catch(() => undefined);
  }
}

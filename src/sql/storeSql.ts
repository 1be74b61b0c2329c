import type { ColumnReader } from '../columnar/index.js';
import { Turns, fieldError, tenantIdBytesMax } from '../domain/index.js';
import { checkedLimit, tenantOf, textOf } from '../eventStore/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import type { ParquetFiles, PlacedFile } from '../parquet/index.js';
import { directoriesOf } from './database/database.js';
import type { Database } from './database/database.js';
import { Place } from './database/place.js';
import type { Opened } from './database/place.js';
import { viewSql } from './database/view.js';
import type { DuckDBConnection, DuckDBResult } from './database/duck.js';
import { errorOfDuck, invalidQuery, refused } from './failures.js';
import { queriesAtOnce, queriesWaitingMax, queryBytesMax } from './limits.js';
import type { CheckedSqlPolicy } from './policy.js';
import { Deadline } from './result/deadline.js';
import { QueryRows } from './result/queryRows.js';
import type { SqlOptions } from './types.js';

export interface StoreSqlOptions {
  readonly columns: ColumnReader;
  readonly files: ParquetFiles;
  readonly policy: CheckedSqlPolicy;
}

interface Wanted {
  readonly text: string;
  readonly tenantId: string;
  readonly maxRows: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

interface Running {
  readonly files: readonly PlacedFile[];
  readonly deadline: Deadline;
  readonly opened: (rows: QueryRows) => void;
}

/** Milliseconds between two attempts to interrupt a query: one that comes too early is forgotten. */
const interruptEveryMs = 50;
const tenantName = new RegExp(`^[\\w-]{1,${tenantIdBytesMax}}$`);
/** As DuckDB numbers kinds of statements. */
const selectStatement = 1;

/** SQL over the events of a store in this process. */
export class StoreSql {
  readonly #system: SystemAccess;
  readonly #options: StoreSqlOptions;
  readonly #turns = new Turns({
    atOnce: queriesAtOnce,
    waitingMax: queriesWaitingMax,
    name: 'queries',
  });
  readonly #running = new Map<Deadline, Promise<void>>();
  #place: Place | undefined;

  constructor(system: SystemAccess, options: StoreSqlOptions) {
    this.#system = system;
    this.#options = options;
  }

  async query(text: string, options: SqlOptions = {}): Promise<QueryRows> {
    this.#system.mustBeOpen();
    const wanted = this.#checked(text, options);
    const deadline = new Deadline(wanted);
    const opening = new Promise<QueryRows>((opened, failed) => {
      const work = (files: readonly PlacedFile[]): Promise<void> =>
        this.#run(wanted, { files, deadline, opened });
      const whole = this.#turns.run(() => this.#options.files.withFiles(work), deadline.signal);
      const ended = whole.catch(failed).finally(() => {
        deadline.done();
        this.#running.delete(deadline);
      });
      this.#running.set(deadline, ended);
    });
    return deadline.race(opening);
  }

  /** Ends all queries. */
  async close(): Promise<void> {
    for (const deadline of this.#running.keys()) deadline.end('closed');
    await Promise.all(this.#running.values());
    this.#leave();
  }

  #checked(text: string, options: SqlOptions): Wanted {
    const { maxRows, timeoutMs, signal } = options;
    const { policy } = this.#options;
    const bytes = Buffer.byteLength(textOf(text, 'query'));
    if (bytes > queryBytesMax) {
      throw invalidQuery(`expected at most ${queryBytesMax} bytes, got ${bytes}`);
    }
    return {
      text,
      tenantId: checkedTenant(tenantOf(options.tenantId)),
      maxRows:
        maxRows === undefined
          ? Infinity
          : checkedLimit(maxRows, 1, Number.MAX_SAFE_INTEGER, 'max_rows'),
      timeoutMs: checkedLimit(timeoutMs ?? policy.timeoutMs, 1, policy.timeoutMs, 'timeout_ms'),
      signal,
    };
  }

  async #run(wanted: Wanted, running: Running): Promise<void> {
    const { memoryMb } = this.#options.policy;
    const place = this.#placeFor(directoriesOf(running.files));
    try {
      await this.#answer(await place.hold(), wanted, running);
    } catch (error) {
      const told = errorOfDuck(error, memoryMb);
      // A database that failed inside answers nothing any more.
      if (told.code === 'internal_error' && this.#place === place) this.#leave();
      throw told;
    } finally {
      place.release();
    }
  }

  async #answer(
    { database, tail }: Opened,
    wanted: Wanted,
    { files, deadline, opened }: Running,
  ): Promise<void> {
    await database.check(wanted.text);
    await this.#options.files.mustBeSound(files, deadline.signal);
    const { tenantId, text, maxRows } = wanted;
    const upTo = this.#system.watermark;
    const after = files.at(-1)?.lastPosition ?? 0;
    const { logBegin } = this.#system;
    const { signal } = deadline;
    const table = await tail.hold({ tenantId, after, upTo, logBegin, signal });
    try {
      const ownFiles = await database.tenants.filesOf(tenantId, files);
      const parts = { tenantId, files: ownFiles, tail: table.name, after, upTo };
      await connected(database, signal, async (connection) => {
        // Planned and run on the same rows: a bound that holds for all rows when the query is planned is left
        // out of it, and would not hold for those that another query adds to the table before this one runs.
        await connection.run('BEGIN TRANSACTION');
        await connection.run(viewSql(parts));
        const result = await start(connection, text);
        if (signal.aborted) return;
        const { duck } = database;
        const { memoryMb } = this.#options.policy;
        const options = { duck, result, deadline, maxRows, memoryMb, asOfPosition: upTo };
        const rows = new QueryRows(options);
        opened(rows);
        await rows.ended;
      });
    } finally {
      table.release();
    }
  }

  /** The database that is open, or a new one where that one can't read all of the directories. */
  #placeFor(directories: readonly string[]): Place {
    const known = this.#place;
    if (known?.covers(directories) === true) return known;
    this.#leave();
    const { memoryMb, threads } = this.#options.policy;
    this.#place = new Place({ memoryMb, threads, directories }, this.#options.columns);
    return this.#place;
  }

  #leave(): void {
    const place = this.#place;
    this.#place = undefined;
    place?.leave();
  }
}

/** It becomes a part of our own SQL: a constant there, whatever it is, but only names are wanted. */
function checkedTenant(tenantId: string): string {
  if (tenantName.test(tenantId)) return tenantId;
  const reason = "only letters, digits, '-' and '_' are allowed";
  throw fieldError('invalid_query', 'tenant_id', reason);
}

async function start(connection: DuckDBConnection, text: string): Promise<DuckDBResult> {
  const prepared = await connection.prepare(text);
  // What was checked before it came here: what is no SELECT has no tree, and parameters are refused.
  const type: number = prepared.statementType;
  if (type !== selectStatement || prepared.parameterCount > 0) {
    throw refused('it is no SELECT');
  }
  return prepared.stream();
}

/** Works with a connection, which is interrupted when the query must end, and closed at the end. */
async function connected(
  database: Database,
  signal: AbortSignal,
  work: (connection: DuckDBConnection) => Promise<void>,
): Promise<void> {
  const connection = await database.connect();
  let interrupting: NodeJS.Timeout | undefined;
  const interrupt = (): void => connection.interrupt();
  const onAbort = (): void => {
    interrupt();
    interrupting = setInterval(interrupt, interruptEveryMs);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    if (!signal.aborted) await work(connection);
  } finally {
    signal.removeEventListener('abort', onAbort);
    clearInterval(interrupting);
    connection.closeSync();
  }
}

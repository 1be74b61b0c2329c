import type { Duck, DuckDBDataChunk, DuckDBResult, DuckDBValue } from '../database/duck.js';
import { errorOfDuck } from '../failures.js';
import type { SqlColumn, SqlResult, SqlRow } from '../types.js';
import type { Deadline } from './deadline.js';
import { valueOf } from './values.js';

export interface QueryRowsOptions {
  readonly duck: Duck;
  readonly result: DuckDBResult;
  readonly deadline: Deadline;
  readonly asOfPosition: number;
  readonly maxRows: number;
  readonly memoryMb: number;
}

/** Columns of some rows. */
interface Batch {
  readonly rows: number;
  readonly columns: readonly (readonly DuckDBValue[])[];
}

/** The rows of a running query, which are read once. */
export class QueryRows implements SqlResult {
  readonly columns: readonly SqlColumn[];
  readonly asOfPosition: number;
  /** Resolved when nothing of the query is needed any more. */
  readonly ended: Promise<void>;
  readonly #options: QueryRowsOptions;
  readonly #end: () => void;
  #reading: Promise<unknown> = Promise.resolve();
  #rowsLeft: number;
  #truncated = false;
  #isAtEnd = false;

  constructor(options: QueryRowsOptions) {
    const { result, deadline, asOfPosition, maxRows } = options;
    this.#options = options;
    this.#rowsLeft = maxRows;
    this.asOfPosition = asOfPosition;
    const types = result.columnTypes();
    this.columns = result
      .deduplicatedColumnNames()
      .map((name, column) => ({ name, type: String(types[column]) }));
    let end = (): void => undefined;
    this.ended = new Promise((resolve) => (end = resolve));
    // Whoever reads just now must have come back.
    this.#end = () => {
      this.#isAtEnd = true;
      void this.#reading.then(end, end);
    };
    deadline.signal.addEventListener('abort', this.#end, { once: true });
    if (deadline.signal.aborted) this.#end();
  }

  get truncated(): boolean {
    return this.#truncated;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SqlRow> {
    for await (const rows of this.batches()) yield* rows;
  }

  async *batches(): AsyncGenerator<readonly SqlRow[]> {
    for await (const batch of this.#batches()) yield this.#rowsOf(batch);
  }

  /** The rest of the rows as an Arrow IPC stream. */
  async *arrow(): AsyncGenerator<Uint8Array> {
    const { ArrowBatches, arrowStream } = await import('./arrow.js');
    const { duck, result } = this.#options;
    const names = this.columns.map(({ name }) => name);
    const arrow = new ArrowBatches(duck, { names, types: result.columnTypes() });
    yield* arrowStream(arrow, this.#batches());
  }

  async toArray(): Promise<SqlRow[]> {
    const all: SqlRow[] = [];
    for await (const rows of this.batches()) all.push(...rows);
    return all;
  }

  async close(): Promise<void> {
    this.#end();
    await this.ended;
  }

  async *#batches(): AsyncGenerator<Batch> {
    try {
      for (let batch = await this.#next(); batch !== undefined; batch = await this.#next()) {
        yield batch;
      }
    } finally {
      this.#end();
    }
  }

  /** The next rows, as many as are wanted; undefined where there are no more. */
  async #next(): Promise<Batch | undefined> {
    const { deadline, result, memoryMb } = this.#options;
    if (deadline.error !== undefined) throw deadline.error;
    if (this.#isAtEnd) return undefined;
    const reading = result.fetchChunk();
    this.#reading = reading;
    let chunk: DuckDBDataChunk | null;
    try {
      chunk = await deadline.race(reading);
    } catch (error) {
      throw errorOfDuck(error, memoryMb);
    }
    if (chunk === null || chunk.rowCount === 0) return undefined;
    const rows = Math.min(chunk.rowCount, this.#rowsLeft);
    this.#truncated = rows < chunk.rowCount;
    if (rows === 0) return undefined;
    this.#rowsLeft -= rows;
    return { rows, columns: chunk.getColumns() };
  }

  #rowsOf({ rows, columns }: Batch): readonly SqlRow[] {
    const { duck } = this.#options;
    const names = this.columns.map(({ name }) => name);
    return Array.from({ length: rows }, (_, row) =>
      Object.fromEntries(
        names.map((name, column) => [name, valueOf(duck, columns[column]?.[row] ?? null)]),
      ),
    );
  }
}

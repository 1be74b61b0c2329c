import type { RecordBatch, Schema } from 'apache-arrow';
import type { EngineQuery, RowsRange, SystemAccess } from '../eventStore/index.js';
import { chunksOf } from './chunks.js';
import { requestOf, toColumnPlan } from './columnPlan.js';
import type { ColumnPlan, ColumnsOptions } from './columnPlan.js';

/** Who has what was dropped from the log. */
export interface Archive {
  /** Whether it has all events between two positions. */
  has(firstPosition: number, lastPosition: number): Promise<boolean>;
  /** Batches with the columns that are asked for, as the log would give them. */
  read(wanted: ArchiveWanted): AsyncGenerator<RecordBatch>;
}

export interface ArchiveWanted extends Pick<ColumnsOptions, 'columns' | 'fields' | 'signal'> {
  readonly query: EngineQuery;
  readonly rowsMax: number;
}

/** Arrow is loaded by whoever reads columns: it takes time. */
const loadArrow = () => import('./recordBatches.js');

/** Events as columns in the layout of Apache Arrow, which the engine fills. */
export class ColumnReader {
  readonly #system: SystemAccess;
  readonly #archive: Archive | undefined;

  constructor(system: SystemAccess, archive?: Archive) {
    this.#system = system;
    this.#archive = archive;
  }

  /** Batches of matching events that are durable now. Checks its options before the first one. */
  async *read(options: ColumnsOptions = {}): AsyncGenerator<RecordBatch> {
    const { columns, fields, batchRows, limit, order, signal, onRows, ...filter } = options;
    const plan = toColumnPlan({ columns, fields, batchRows });
    const range = this.#system.rowsRange(filter, { order, limit });
    const wanted = { plan, range, columns, fields, signal };
    const batches = (await this.#isArchived(range))
      ? this.#withArchive(wanted)
      : this.#ofLog(wanted);
    for await (const batch of batches) {
      onRows?.(batch.numRows);
      yield batch;
    }
  }

  /** The same as an Arrow IPC stream (`application/vnd.apache.arrow.stream`), which has a schema at least. */
  async *readArrow(options: ColumnsOptions = {}): AsyncGenerator<Uint8Array> {
    const { ipcStream } = await import('./ipcStream.js');
    yield* ipcStream(await arrowSchema(options), this.read(options));
  }

  /** The same as a Parquet file, which is compressed on this thread: 4 s for a million events. */
  async *readParquet(options: ColumnsOptions = {}): AsyncGenerator<Uint8Array> {
    const { parquetFile } = await import('./parquet.js');
    yield* parquetFile(await arrowSchema(options), this.read(options));
  }

  /** Whether some of what is read was dropped from the log, and is elsewhere. */
  async #isArchived({ query, rowsLeft }: RowsRange): Promise<boolean> {
    const first = Math.max(query.firstPosition || 1, 1);
    const { logBegin } = this.#system;
    if (first >= logBegin || rowsLeft === 0) return false;
    return (await this.#archive?.has(first, logBegin - 1)) === true;
  }

  async *#withArchive(wanted: Wanted): AsyncGenerator<RecordBatch> {
    const { columns, fields, signal, range } = wanted;
    const { query } = range;
    const archived = { ...query, lastPosition: this.#system.logBegin - 1 };
    query.firstPosition = this.#system.logBegin;
    const ofArchive = async function* (archive: Archive | undefined): AsyncGenerator<RecordBatch> {
      if (archive === undefined || range.rowsLeft === 0) return;
      const asked = { query: archived, columns, fields, rowsMax: range.rowsLeft, signal };
      for await (const batch of archive.read(asked)) {
        range.rowsLeft -= batch.numRows;
        yield batch;
      }
    };
    if (query.order === 'asc') yield* ofArchive(this.#archive);
    const left = range.rowsLeft;
    let rows = 0;
    for await (const batch of this.#ofLog(wanted)) {
      rows += batch.numRows;
      yield batch;
    }
    range.rowsLeft = left - rows;
    if (query.order === 'desc') yield* ofArchive(this.#archive);
  }

  async *#ofLog({
    plan,
    range,
    signal,
  }: Pick<Wanted, 'plan' | 'range' | 'signal'>): AsyncGenerator<RecordBatch> {
    const batches = new (await loadArrow()).RecordBatches(plan);
    const wanted = { range, request: requestOf(plan), batchRows: plan.batchRows, signal };
    for await (const chunk of chunksOf(this.#system, wanted)) yield batches.batchOf(chunk);
  }

  /** The rows of a range, whoever's they are; told of each batch. */
  async *readAll(range: RowsRange, options: ReadAllOptions = {}): AsyncGenerator<RecordBatch> {
    const { columns, onBatch, signal } = options;
    const plan = toColumnPlan({ columns });
    for await (const batch of this.#ofLog({ plan, range, signal })) {
      onBatch?.(batch);
      yield batch;
    }
  }

  /** The same as a Parquet file, with all columns. */
  async *readAllParquet(
    range: RowsRange,
    options: Omit<ReadAllOptions, 'columns'> = {},
  ): AsyncGenerator<Uint8Array> {
    const { parquetFile } = await import('./parquet.js');
    yield* parquetFile(await arrowSchema({}), this.readAll(range, options));
  }
}

/** A read of the log. */
interface Wanted extends Pick<ColumnsOptions, 'columns' | 'fields' | 'signal'> {
  readonly plan: ColumnPlan;
  readonly range: RowsRange;
}

interface ReadAllOptions extends Pick<ColumnsOptions, 'columns' | 'signal'> {
  readonly onBatch?: ((batch: RecordBatch) => void) | undefined;
}

/** The columns of a read. */
export async function arrowSchema({ columns, fields, batchRows }: ColumnsOptions): Promise<Schema> {
  const plan = toColumnPlan({ columns, fields, batchRows });
  return new (await loadArrow()).RecordBatches(plan).schema;
}

import type { RecordBatch, Schema } from 'apache-arrow';
import type { RowsRange, SystemAccess } from '../eventStore/index.js';
import { chunksOf } from './chunks.js';
import { requestOf, toColumnPlan } from './columnPlan.js';
import type { ColumnsOptions } from './columnPlan.js';

/** Arrow is loaded by whoever reads columns: it takes time. */
const loadArrow = () => import('./recordBatches.js');

/** Events as columns in the layout of Apache Arrow, which the engine fills. */
export class ColumnReader {
  readonly #system: SystemAccess;

  constructor(system: SystemAccess) {
    this.#system = system;
  }

  /** Batches of matching events that are durable now. Checks its options before the first one. */
  async *read(options: ColumnsOptions = {}): AsyncGenerator<RecordBatch> {
    const { columns, fields, batchRows, limit, order, signal, onRows, ...filter } = options;
    const plan = toColumnPlan({ columns, fields, batchRows });
    const range = this.#system.rowsRange(filter, { order, limit });
    const batches = new (await loadArrow()).RecordBatches(plan);
    const wanted = { range, request: requestOf(plan), batchRows: plan.batchRows, signal };
    for await (const chunk of chunksOf(this.#system, wanted)) {
      onRows?.(chunk.count);
      yield batches.batchOf(chunk);
    }
  }

  /** The same as an Arrow IPC stream (`application/vnd.apache.arrow.stream`), which has a schema at least. */
  async *readArrow(options: ColumnsOptions = {}): AsyncGenerator<Uint8Array> {
    const { ipcStream } = await import('./ipcStream.js');
    yield* ipcStream(await schemaOf(options), this.read(options));
  }

  /** The same as a Parquet file, which is compressed on this thread: 4 s for a million events. */
  async *readParquet(options: ColumnsOptions = {}): AsyncGenerator<Uint8Array> {
    const { parquetFile } = await import('./parquet.js');
    yield* parquetFile(await schemaOf(options), this.read(options));
  }

  /** The rows of a range, whoever's they are; told of each batch. */
  async *readAll(range: RowsRange, options: ReadAllOptions = {}): AsyncGenerator<RecordBatch> {
    const { columns, onBatch, signal } = options;
    const plan = toColumnPlan({ columns });
    const batches = new (await loadArrow()).RecordBatches(plan);
    const wanted = { range, request: requestOf(plan), batchRows: plan.batchRows, signal };
    for await (const chunk of chunksOf(this.#system, wanted)) {
      const batch = batches.batchOf(chunk);
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
    yield* parquetFile(await schemaOf({}), this.readAll(range, options));
  }
}

interface ReadAllOptions extends Pick<ColumnsOptions, 'columns' | 'signal'> {
  readonly onBatch?: ((batch: RecordBatch) => void) | undefined;
}

async function schemaOf({ columns, fields, batchRows }: ColumnsOptions): Promise<Schema> {
  const plan = toColumnPlan({ columns, fields, batchRows });
  return new (await loadArrow()).RecordBatches(plan).schema;
}

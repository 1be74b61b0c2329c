import type { RecordBatch, Schema } from 'apache-arrow';
import { AllSourceError } from '../domain/index.js';
import type { ColumnsChunk, RowsRange, SystemAccess } from '../eventStore/index.js';
import { requestOf, toColumnPlan } from './columnPlan.js';
import type { ColumnPlan, ColumnsOptions } from './columnPlan.js';

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
    for await (const chunk of this.#chunks(plan, range, signal)) {
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

  /** The next batch is made while the reader has the one before. */
  async *#chunks(
    plan: ColumnPlan,
    range: RowsRange,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ColumnsChunk> {
    const next = () => this.#system.nextColumns(range, requestOf(plan), plan.batchRows);
    let coming: Promise<ColumnsChunk | undefined> = next();
    try {
      for (;;) {
        const chunk = await coming;
        if (signal?.aborted === true) throw aborted(signal);
        if (chunk === undefined) return;
        coming = next();
        if (chunk.count > 0) yield chunk;
      }
    } finally {
      // Nobody waits for it any more.
      coming.catch(() => undefined);
    }
  }
}

async function schemaOf({ columns, fields, batchRows }: ColumnsOptions): Promise<Schema> {
  const plan = toColumnPlan({ columns, fields, batchRows });
  return new (await loadArrow()).RecordBatches(plan).schema;
}

function aborted(signal: AbortSignal): AllSourceError {
  return new AllSourceError('aborted', 'the read of columns was aborted', { cause: signal.reason });
}

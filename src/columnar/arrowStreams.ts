import type { RecordBatch, Schema } from 'apache-arrow';
import type { GroupsWanted, HeadWanted } from './parquet.js';

/** Told how many rows each batch of a stream has. */
type OnRows = (rows: number) => void;

/** The Parquet file of an Arrow IPC stream, such as a server's. */
export async function* parquetOfArrow(
  stream: AsyncIterable<Uint8Array>,
  onRows: OnRows,
): AsyncGenerator<Uint8Array> {
  const { parquetFile } = await import('./parquet.js');
  const { schema, batches } = await readStream(stream, onRows);
  yield* parquetFile(schema, batches);
}

/** An Arrow IPC stream again, its rows counted. */
export async function* countedArrow(
  stream: AsyncIterable<Uint8Array>,
  onRows: OnRows,
): AsyncGenerator<Uint8Array> {
  const { ipcStream } = await import('./ipcStream.js');
  const { schema, batches } = await readStream(stream, onRows);
  yield* ipcStream(schema, batches);
}

/** One Parquet file of several with the same columns, in their order. */
export async function* mergedParquet(
  paths: readonly string[],
  options: { readonly onRows: OnRows },
): AsyncGenerator<Uint8Array> {
  const { mergedFile } = await import('./parquet.js');
  yield* mergedFile(paths, options);
}

/** The Parquet file of the rows of another one up to a position. */
export async function* parquetUpTo(path: string, wanted: HeadWanted): AsyncGenerator<Uint8Array> {
  const { headOfFile } = await import('./parquet.js');
  yield* headOfFile(path, wanted);
}

/** The rows of a Parquet file, a row group after the other. */
export async function* parquetRows(
  path: string,
  options?: GroupsWanted,
): AsyncGenerator<RecordBatch> {
  const { fileBatches } = await import('./parquet.js');
  yield* fileBatches(path, options);
}

/** An Arrow IPC stream of batches, piece by piece. */
export async function* arrowPieces(
  schema: Schema,
  batches: AsyncIterable<RecordBatch> | Iterable<RecordBatch>,
): AsyncGenerator<Uint8Array> {
  const { ipcStream } = await import('./ipcStream.js');
  yield* ipcStream(schema, batches);
}

/** The same as a whole. */
export async function arrowStream(
  schema: Schema,
  batches: readonly RecordBatch[],
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of arrowPieces(schema, batches)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** A batch of some rows of another, with the columns of a schema; `extra` has those that the other has not. */
export async function takeRows(
  schema: Schema,
  taken: { readonly batch: RecordBatch; readonly rows: readonly number[] },
  extra: (name: string) => readonly unknown[],
): Promise<RecordBatch> {
  const { takenRows } = await import('./takenRows.js');
  return takenRows(schema, taken, extra);
}

/** The batches of an Arrow IPC stream that is there as a whole. */
export async function recordBatches(stream: Uint8Array): Promise<readonly RecordBatch[]> {
  const { tableFromIPC } = await import('apache-arrow');
  return tableFromIPC(stream).batches;
}

async function readStream(
  stream: AsyncIterable<Uint8Array>,
  onRows: OnRows,
): Promise<{ readonly schema: Schema; readonly batches: AsyncIterable<RecordBatch> }> {
  const { RecordBatchReader } = await import('apache-arrow');
  const reader = await RecordBatchReader.from(stream);
  await reader.open();
  async function* batches(): AsyncGenerator<RecordBatch> {
    for await (const batch of reader) {
      onRows(batch.numRows);
      yield batch;
    }
  }
  return { schema: reader.schema, batches: batches() };
}

import { RecordBatchStreamWriter } from 'apache-arrow';
import type { RecordBatch, Schema } from 'apache-arrow';
import {
  Compression,
  Encoding,
  Table as ParquetTable,
  WriterPropertiesBuilder,
  WriterVersion,
  transformParquetStream,
  writeParquet,
} from 'parquet-wasm/node';
import type { RecordBatch as ParquetBatch, WriterProperties } from 'parquet-wasm/node';
import { ipcStream } from './ipcStream.js';

/** Rows of a row group: what a reader can pass over at once, by its statistics. */
const rowGroupRows = 131_072;
/** Rising numbers are small as differences. */
const risingColumns = ['position', 'timestamp'];
/** Hardly any value is there twice: a dictionary would only cost. */
const differentColumns = ['event_id', 'payload', 'metadata'];

function writerProperties(schema: Schema): WriterProperties {
  const names = new Set(schema.fields.map(({ name }) => String(name)));
  let builder = new WriterPropertiesBuilder()
    .setCreatedBy('allsource-core')
    .setWriterVersion(WriterVersion.V2)
    .setCompression(Compression.ZSTD)
    .setMaxRowGroupSize(rowGroupRows);
  for (const name of risingColumns.filter((column) => names.has(column))) {
    builder = builder
      .setColumnDictionaryEnabled(name, false)
      .setColumnEncoding(name, Encoding.DELTA_BINARY_PACKED);
  }
  for (const name of differentColumns.filter((column) => names.has(column))) {
    builder = builder.setColumnDictionaryEnabled(name, false);
  }
  return builder.build();
}

/** The memory of WebAssembly is its own: a batch gets there as an IPC stream. */
function* copied(batch: RecordBatch): Generator<ParquetBatch> {
  const table = ParquetTable.fromIPCStream(
    RecordBatchStreamWriter.writeAll([batch]).toUint8Array(true),
  );
  yield* table.recordBatches();
  table.free();
}

/** A Parquet file of batches: zstd, row groups, statistics. */
export async function* parquetFile(
  schema: Schema,
  batches: AsyncIterable<RecordBatch>,
): AsyncGenerator<Uint8Array> {
  const coming = allCopied(batches);
  const first = await coming.next();
  if (first.done === true) {
    yield await emptyFile(schema);
    return;
  }
  const all = ReadableStream.from(startingWith(first.value, coming));
  // A stream of bytes, which its type does not say.
  yield* (await transformParquetStream(
    all,
    writerProperties(schema),
  )) as unknown as AsyncIterable<Uint8Array>;
}

async function* allCopied(batches: AsyncIterable<RecordBatch>): AsyncGenerator<ParquetBatch> {
  for await (const batch of batches) yield* copied(batch);
}

async function* startingWith<T>(first: T, others: AsyncIterable<T>): AsyncGenerator<T> {
  yield first;
  yield* others;
}

/** A file without rows has the columns. */
async function emptyFile(schema: Schema): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of ipcStream(schema, [])) pieces.push(piece);
  const table = ParquetTable.fromIPCStream(Buffer.concat(pieces));
  return writeParquet(table, writerProperties(schema));
}

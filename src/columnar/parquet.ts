import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { RecordBatchStreamWriter, tableFromIPC } from 'apache-arrow';
import type { RecordBatch, Schema } from 'apache-arrow';
import {
  Compression,
  Encoding,
  ParquetFile,
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
/** And what it takes in memory while it is written, and read. */
const rowGroupBytes = 64 * 1024 * 1024;
/** Rising numbers are small as differences. */
const risingColumns = ['position', 'timestamp'];
/** Hardly any value is there twice: a dictionary would only cost. */
const differentColumns = ['event_id', 'payload', 'metadata'];

function writerProperties(schema: Schema): WriterProperties {
  return propertiesOf(new Set(schema.fields.map(({ name }) => String(name))));
}

function propertiesOf(names: ReadonlySet<string>): WriterProperties {
  let builder = new WriterPropertiesBuilder()
    .setCreatedBy('allsource-core')
    .setWriterVersion(WriterVersion.V2)
    .setCompression(Compression.ZSTD)
    .setMaxRowGroupSize(rowGroupRows)
    .setMaxRowGroupBytes(rowGroupBytes);
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
  const pieces = compressed(writerProperties(schema), allCopied(batches));
  const first = await pieces.next();
  if (first.done === true) yield await emptyFile(schema);
  else yield first.value;
  yield* pieces;
}

/** One Parquet file of several with the same columns, in their order. */
export async function* mergedFile(
  paths: readonly string[],
  { onRows }: { readonly onRows: (rows: number) => void },
): AsyncGenerator<Uint8Array> {
  const files = await Promise.all(paths.map(openParquet));
  const properties = propertiesOf(new Set(files[0]?.columnNames));
  async function* batches(): AsyncGenerator<ParquetBatch> {
    for (const file of files) {
      for await (const table of file.rowGroups()) {
        for (const batch of table.recordBatches()) {
          onRows(batch.numRows);
          yield batch;
        }
        table.free();
      }
    }
  }
  const pieces = compressed(properties, batches());
  const first = await pieces.next();
  // Files without rows have the columns, too.
  if (first.done === true && paths[0] !== undefined) yield await readFile(paths[0]);
  else if (first.done !== true) yield first.value;
  yield* pieces;
}

/** Positions rise. */
export interface HeadWanted {
  readonly lastPosition: number;
  /** Told of each batch that is kept; none is empty. */
  readonly onBatch: (batch: RecordBatch) => void;
}

/** The Parquet file of the rows of another one up to a position. */
export async function* headOfFile(
  path: string,
  { lastPosition, onBatch }: HeadWanted,
): AsyncGenerator<Uint8Array> {
  const batches = fileBatches(path);
  const first = await batches.next();
  if (first.done === true) {
    // Without rows it has the columns.
    yield await readFile(path);
    return;
  }
  async function* kept(begin: RecordBatch): AsyncGenerator<RecordBatch> {
    for await (const batch of startingWith(begin, batches)) {
      const positions = batch.getChild('position')?.toArray() as BigInt64Array;
      const behind = positions.findIndex((position) => position > lastPosition);
      const part = behind < 0 ? batch : batch.slice(0, behind);
      if (part.numRows > 0) {
        onBatch(part);
        yield part;
      }
      if (behind >= 0) return;
    }
  }
  yield* parquetFile(first.value.schema, kept(first.value));
}

/** The rows of a file as record batches, a row group after the other. */
export async function* fileBatches(
  path: string,
  options: GroupsWanted = {},
): AsyncGenerator<RecordBatch> {
  const file = await openParquet(path);
  for await (const table of file.rowGroups(options)) {
    const { batches } = tableFromIPC(table.intoIPCStream());
    yield* options.order === 'desc' ? batches.toReversed() : batches;
  }
}

export interface GroupsWanted {
  readonly columns?: readonly string[] | undefined;
  /** Of row groups, and of the batches in each; rows are in the order of the file. */
  readonly order?: 'asc' | 'desc' | undefined;
}

/** Of a row group, whose memory is given back before the next one is read. */
const readBatchRows = 16_384;

async function openParquet(path: string) {
  const file = await ParquetFile.fromFile(await openAsBlob(path));
  const metadata = file.metadata();
  const groups = metadata.numRowGroups();
  const schema = tableFromIPC(file.schema().intoIPCStream());
  return {
    columnNames: schema.schema.names.map(String),
    async *rowGroups({ columns, order }: GroupsWanted = {}): AsyncGenerator<ParquetTable> {
      for (let i = 0; i < groups; i += 1) {
        const group = order === 'desc' ? groups - 1 - i : i;
        yield await file.read({
          rowGroups: [group],
          batchSize: readBatchRows,
          ...(columns !== undefined && { columns: [...columns] }),
        });
      }
    },
  };
}

async function* allCopied(batches: AsyncIterable<RecordBatch>): AsyncGenerator<ParquetBatch> {
  for await (const batch of batches) yield* copied(batch);
}

/** The pieces of a file; none where there is no batch, since a writer learns the columns from the first. */
async function* compressed(
  properties: WriterProperties,
  batches: AsyncGenerator<ParquetBatch>,
): AsyncGenerator<Uint8Array> {
  const first = await batches.next();
  if (first.done === true) return;
  const source = new Watched(startingWith(first.value, batches));
  const stream = await transformParquetStream(ReadableStream.from(source.items()), properties);
  // A stream of bytes, which its type does not say.
  for await (const piece of stream as unknown as AsyncIterable<Uint8Array>) {
    source.mustBeWhole();
    yield piece;
  }
  source.mustBeWhole();
}

/** The writer takes a source that fails for one that has ended: its file would be whole, and short. */
class Watched<T> {
  readonly #items: AsyncIterable<T>;
  #failure: { readonly reason: unknown } | undefined;

  constructor(items: AsyncIterable<T>) {
    this.#items = items;
  }

  async *items(): AsyncGenerator<T> {
    try {
      yield* this.#items;
    } catch (reason) {
      this.#failure = { reason };
      throw reason;
    }
  }

  mustBeWhole(): void {
    if (this.#failure !== undefined) throw this.#failure.reason;
  }
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

import type { ColumnName, RecordBatch } from '../../columnar/index.js';
import type { Duck, DuckDBConnection, DuckDBDataChunk, DuckDBType } from './duck.js';

/** Of a table for events of one tenant. */
export const tableColumns =
  'position BIGINT, timestamp TIMESTAMPTZ, version BIGINT, event_id VARCHAR, entity_id VARCHAR, ' +
  'event_type VARCHAR, schema_version INTEGER, tags VARCHAR[], metadata VARCHAR, payload VARCHAR';

/** Bytes of a row besides its texts. */
const rowBytes = 120;

/** What of a column of Arrow is read here. */
interface ArrowData {
  readonly values: Uint8Array | BigInt64Array | Int32Array;
  readonly valueOffsets: Int32Array;
  readonly nullBitmap: Uint8Array;
  readonly children: readonly ArrowData[];
  readonly dictionary?: { readonly data: readonly ArrowData[] };
}

/** A vector of fixed-width values, whose memory can be written at once. */
interface PlainVector {
  readonly items: { set(values: ArrowData['values']): void };
  flush(): void;
}

type Texts = (row: number) => string;
type Appender = Awaited<ReturnType<DuckDBConnection['createAppender']>>;

/** Writes batches of columns into a table. */
export class RowWriter {
  static readonly columns: readonly ColumnName[] = [
    'position',
    'timestamp',
    'version',
    'event_id',
    'entity_id',
    'event_type',
    'schema_version',
    'tags',
    'metadata',
    'payload',
  ];
  /** Of a chunk of DuckDB. */
  static readonly rowsMax = 2_048;

  readonly #duck: Duck;
  readonly #appender: Appender;
  readonly #types: readonly DuckDBType[];
  #lastPosition = 0;

  private constructor(duck: Duck, appender: Appender) {
    this.#duck = duck;
    this.#appender = appender;
    const { BIGINT, INTEGER, LIST, TIMESTAMPTZ, VARCHAR } = duck;
    this.#types = [
      ...[BIGINT, TIMESTAMPTZ, BIGINT, VARCHAR, VARCHAR, VARCHAR, INTEGER],
      ...[LIST(VARCHAR), VARCHAR, VARCHAR],
    ];
  }

  static async open(duck: Duck, connection: DuckDBConnection, table: string): Promise<RowWriter> {
    return new RowWriter(duck, await connection.createAppender(table));
  }

  /** How many bytes its rows take, about. */
  append(batch: RecordBatch): number {
    const rows = batch.numRows;
    const chunk = this.#duck.DuckDBDataChunk.create(this.#types, rows);
    const columns = batch.data.children as unknown as readonly ArrowData[];
    const dataOf = (name: ColumnName): ArrowData =>
      dataAt(columns, RowWriter.columns.indexOf(name));
    let bytes = rows * rowBytes;
    const putTexts = (name: ColumnName, texts: Texts, isNull?: (row: number) => boolean): void => {
      bytes += setTexts(chunk, RowWriter.columns.indexOf(name), { rows, texts, isNull });
    };
    for (const name of ['position', 'timestamp', 'version'] as const) {
      setPlain(chunk, RowWriter.columns.indexOf(name), dataOf(name).values);
    }
    for (const name of ['event_id', 'payload'] as const) putTexts(name, textsOf(dataOf(name)));
    for (const name of ['entity_id', 'event_type'] as const)
      putTexts(name, codedTexts(dataOf(name)));
    putTexts('metadata', textsOf(dataOf('metadata')), nullsOf(dataOf('metadata')));
    this.#setVersions(chunk, dataOf('schema_version'), rows);
    bytes += this.#setTags(chunk, dataOf('tags'), rows);
    this.#appender.appendDataChunk(chunk);
    this.#lastPosition = Number(dataOf('position').values[rows - 1]);
    return bytes;
  }

  /** The position of the last row, 0 where there was none. */
  finish(): number {
    this.#appender.closeSync();
    return this.#lastPosition;
  }

  #setVersions(chunk: DuckDBDataChunk, data: ArrowData, rows: number): void {
    const isNull = nullsOf(data);
    const values = Array.from({ length: rows }, (_, row) =>
      isNull(row) ? null : Number(data.values[row]),
    );
    chunk.setColumnValues(RowWriter.columns.indexOf('schema_version'), values);
  }

  #setTags(chunk: DuckDBDataChunk, { valueOffsets, children }: ArrowData, rows: number): number {
    const texts = textsOf(dataAt(children, 0));
    let bytes = 0;
    const lists = Array.from({ length: rows }, (_, row) => {
      const items: string[] = [];
      for (let at = valueOffsets[row] ?? 0; at < (valueOffsets[row + 1] ?? 0); at += 1) {
        const text = texts(at);
        bytes += text.length;
        items.push(text);
      }
      return this.#duck.listValue(items);
    });
    chunk.setColumnValues(RowWriter.columns.indexOf('tags'), lists);
    return bytes;
  }
}

function dataAt(columns: readonly ArrowData[], at: number): ArrowData {
  const data = columns[at];
  if (data === undefined) throw new RangeError(`a batch has no column ${at}`);
  return data;
}

function setPlain(chunk: DuckDBDataChunk, column: number, values: ArrowData['values']): void {
  // Vectors of these types have it; the type of all vectors does not say so.
  const vector = chunk.getColumnVector(column) as unknown as PlainVector;
  vector.items.set(values.subarray(0, chunk.rowCount));
  vector.flush();
}

interface TextColumn {
  readonly rows: number;
  readonly texts: Texts;
  readonly isNull: ((row: number) => boolean) | undefined;
}

/** Bytes of the texts, about. */
function setTexts(
  chunk: DuckDBDataChunk,
  column: number,
  { rows, texts, isNull }: TextColumn,
): number {
  const vector = chunk.getColumnVector(column);
  let bytes = 0;
  for (let row = 0; row < rows; row += 1) {
    const text = isNull?.(row) === true ? null : texts(row);
    bytes += text?.length ?? 0;
    vector.setItem(row, text);
  }
  vector.flush();
  return bytes;
}

function textsOf({ values, valueOffsets }: ArrowData): Texts {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return (row) => bytes.toString('utf8', valueOffsets[row], valueOffsets[row + 1]);
}

/** Each different text is made once. */
function codedTexts({ values, dictionary }: ArrowData): Texts {
  const texts = textsOf(dataAt(dictionary?.data ?? [], 0));
  const known: string[] = [];
  return (row) => {
    const code = Number(values[row]);
    return (known[code] ??= texts(code));
  };
}

function nullsOf({ nullBitmap }: ArrowData): (row: number) => boolean {
  if (nullBitmap.length === 0) return () => false;
  return (row) => (((nullBitmap[row >> 3] ?? 0) >> (row & 7)) & 1) === 0;
}

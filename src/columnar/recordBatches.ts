import {
  Bool,
  Dictionary,
  Field,
  Float64,
  Int32,
  Int64,
  List,
  RecordBatch,
  Schema,
  Struct,
  TimestampMicrosecond,
  Utf8,
  Vector,
  makeData,
} from 'apache-arrow';
import type { Data, DataType } from 'apache-arrow';
import type { ColumnName, ColumnsChunk, FieldType } from '../eventStore/index.js';
import { Buffers } from './buffers.js';
import type { ColumnPlan } from './columnPlan.js';

/** How a column is made of what the engine filled. */
interface Column {
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
  readonly take: (buffers: Buffers, rows: number) => Data;
}

const int64 = new Int64();
const int32 = new Int32();
const float64 = new Float64();
const bool = new Bool();
const utf8 = new Utf8();
const micros = new TimestampMicrosecond('UTC');
const texts = new List(new Field('item', utf8, false));

function textData(buffers: Buffers, length: number): Data<Utf8> {
  return makeData({ type: utf8, length, valueOffsets: buffers.int32(), data: buffers.bytes() });
}

const wholeNumbers = (buffers: Buffers, length: number) =>
  makeData({ type: int64, length, data: buffers.int64() });

function optionalText(buffers: Buffers, length: number): Data<Utf8> {
  const nullBitmap = buffers.bytes();
  const [valueOffsets, data] = [buffers.int32(), buffers.bytes()];
  return makeData({ type: utf8, length, nullBitmap, valueOffsets, data });
}

/** The id tells dictionaries of a stream apart. */
function coded(name: ColumnName, id: number): Column {
  const type = new Dictionary(utf8, int32, id);
  const take = (buffers: Buffers, length: number): Data => {
    const data = buffers.int32();
    const valueOffsets = buffers.int32();
    const count = valueOffsets.length - 1;
    const dictionary = new Vector([
      makeData({ type: utf8, length: count, valueOffsets, data: buffers.bytes() }),
    ]);
    return makeData({ type, length, data, dictionary });
  };
  return { name, type, nullable: false, take };
}

const columnOf: Readonly<Record<ColumnName, Column>> = {
  position: { name: 'position', type: int64, nullable: false, take: wholeNumbers },
  timestamp: {
    name: 'timestamp',
    type: micros,
    nullable: false,
    take: (buffers, length) => makeData({ type: micros, length, data: buffers.int64() }),
  },
  version: { name: 'version', type: int64, nullable: false, take: wholeNumbers },
  event_id: { name: 'event_id', type: utf8, nullable: false, take: textData },
  tenant_id: coded('tenant_id', 0),
  entity_id: coded('entity_id', 1),
  event_type: coded('event_type', 2),
  schema_version: {
    name: 'schema_version',
    type: int32,
    nullable: true,
    take: (buffers, length) =>
      makeData({ type: int32, length, nullBitmap: buffers.bytes(), data: buffers.int32() }),
  },
  tags: {
    name: 'tags',
    type: texts,
    nullable: false,
    take: (buffers, length) => {
      const valueOffsets = buffers.int32();
      const child = textData(buffers, valueOffsets[length] ?? 0);
      return makeData({ type: texts, length, valueOffsets, child });
    },
  },
  metadata: { name: 'metadata', type: utf8, nullable: true, take: optionalText },
  payload: { name: 'payload', type: utf8, nullable: false, take: textData },
};

const fieldColumnOf: Readonly<Record<FieldType, Pick<Column, 'type' | 'take'>>> = {
  float64: {
    type: float64,
    take: (buffers, length) =>
      makeData({ type: float64, length, nullBitmap: buffers.bytes(), data: buffers.float64() }),
  },
  int64: {
    type: int64,
    take: (buffers, length) =>
      makeData({ type: int64, length, nullBitmap: buffers.bytes(), data: buffers.int64() }),
  },
  bool: {
    type: bool,
    take: (buffers, length) =>
      makeData({ type: bool, length, nullBitmap: buffers.bytes(), data: buffers.bytes() }),
  },
  utf8: { type: utf8, take: optionalText },
  json: { type: utf8, take: optionalText },
};

/** Makes record batches over what the engine filled, without a copy and without a step for each row. */
export class RecordBatches {
  readonly schema: Schema;
  readonly #columns: readonly Column[];

  constructor({ columns, fields }: ColumnPlan) {
    this.#columns = [
      ...columns.map((name) => columnOf[name]),
      ...fields.map(({ name, type }) => ({ name, nullable: true, ...fieldColumnOf[type] })),
    ];
    this.schema = new Schema(
      this.#columns.map(({ name, type, nullable }) => new Field(name, type, nullable)),
    );
  }

  batchOf(chunk: ColumnsChunk): RecordBatch {
    const buffers = new Buffers(chunk);
    const children = this.#columns.map(({ take }) => take(buffers, chunk.count));
    const type = new Struct(this.schema.fields);
    const data = makeData({ type, length: chunk.count, nullCount: 0, children });
    return new RecordBatch(this.schema, data);
  }
}

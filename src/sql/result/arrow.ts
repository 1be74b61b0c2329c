import {
  Bool,
  DateDay,
  Decimal,
  Field,
  Float32,
  Float64,
  Int16,
  Int32,
  Int64,
  Int8,
  List,
  RecordBatch,
  Schema,
  Struct,
  TimestampMicrosecond,
  Uint16,
  Uint32,
  Uint64,
  Uint8,
  Utf8,
  makeData,
} from 'apache-arrow';
import type { Data, DataType } from 'apache-arrow';
import { arrowPieces } from '../../columnar/index.js';
import type { Duck, DuckDBType, DuckDBValue } from '../database/duck.js';
import { valueOf } from './values.js';

/** How a type of DuckDB is one of Arrow. */
interface Form {
  readonly type: DataType;
  readonly dataOf: (values: readonly DuckDBValue[]) => Data;
}

type NumberArray =
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Float32Array
  | Float64Array;

const decimalBits = 128;
const hugeDigits = 38;

interface Columns {
  readonly names: readonly string[];
  readonly types: readonly DuckDBType[];
}

/** Makes record batches of columns of DuckDB. What Arrow has no type for becomes text, as in JSON. */
export class ArrowBatches {
  readonly schema: Schema;
  readonly #forms: readonly Form[];

  constructor(duck: Duck, { names, types }: Columns) {
    this.#forms = types.map((type) => formOf(duck, type));
    this.schema = new Schema(
      this.#forms.map(({ type }, column) => new Field(names[column] ?? '', type, true)),
    );
  }

  batchOf(rows: number, columns: readonly (readonly DuckDBValue[])[]): RecordBatch {
    const children = this.#forms.map(({ dataOf }, column) =>
      dataOf((columns[column] ?? []).slice(0, rows)),
    );
    const type = new Struct(this.schema.fields);
    return new RecordBatch(this.schema, makeData({ type, length: rows, nullCount: 0, children }));
  }
}

interface Batch {
  readonly rows: number;
  readonly columns: readonly (readonly DuckDBValue[])[];
}

export function arrowStream(
  arrow: ArrowBatches,
  batches: AsyncIterable<Batch>,
): AsyncGenerator<Uint8Array> {
  async function* records(): AsyncGenerator<RecordBatch> {
    for await (const { rows, columns } of batches) yield arrow.batchOf(rows, columns);
  }
  return arrowPieces(arrow.schema, records());
}

function formOf(duck: Duck, type: DuckDBType): Form {
  const { DuckDBTypeId: id } = duck;
  if (type instanceof duck.DuckDBListType) return listForm(formOf(duck, type.valueType));
  if (type instanceof duck.DuckDBDecimalType) return decimalForm(type.width, type.scale);
  switch (type.typeId) {
    case id.BOOLEAN:
      return boolForm();
    case id.TINYINT:
      return numberForm(new Int8(), Int8Array);
    case id.SMALLINT:
      return numberForm(new Int16(), Int16Array);
    case id.INTEGER:
      return numberForm(new Int32(), Int32Array);
    case id.UTINYINT:
      return numberForm(new Uint8(), Uint8Array);
    case id.USMALLINT:
      return numberForm(new Uint16(), Uint16Array);
    case id.UINTEGER:
      return numberForm(new Uint32(), Uint32Array);
    case id.FLOAT:
      return numberForm(new Float32(), Float32Array);
    case id.DOUBLE:
      return numberForm(new Float64(), Float64Array);
    case id.BIGINT:
      return wideForm(new Int64(), (value) => value as bigint);
    case id.UBIGINT:
      return wideForm(new Uint64(), (value) => value as bigint);
    case id.HUGEINT:
      return decimalForm(hugeDigits, 0);
    case id.TIMESTAMP:
      return wideForm(new TimestampMicrosecond(), microsOf);
    case id.TIMESTAMP_TZ:
      return wideForm(new TimestampMicrosecond('UTC'), microsOf);
    case id.DATE:
      return numberForm(new DateDay(), Int32Array, (value) => (value as { days: number }).days);
    default:
      return textForm(duck);
  }
}

/** Types whose values have microseconds; the type of all values does not say so. */
function microsOf(value: DuckDBValue): bigint {
  return (value as { readonly micros: bigint }).micros;
}

function validity(values: readonly DuckDBValue[]): { nullBitmap: Uint8Array; nullCount: number } {
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 8));
  let nullCount = values.length;
  values.forEach((value, row) => {
    if (value === null) return;
    nullCount -= 1;
    nullBitmap[row >> 3] = (nullBitmap[row >> 3] ?? 0) | (1 << (row & 7));
  });
  return { nullBitmap, nullCount };
}

function numberForm(
  type: DataType,
  array: new (length: number) => NumberArray,
  numberOf: (value: DuckDBValue) => number = Number,
): Form {
  const dataOf = (values: readonly DuckDBValue[]): Data => {
    const data = new array(values.length);
    values.forEach((value, row) => {
      if (value !== null) data[row] = numberOf(value);
    });
    return makeData({ type, length: values.length, ...validity(values), data } as never);
  };
  return { type, dataOf };
}

function wideForm(type: DataType, wideOf: (value: DuckDBValue) => bigint): Form {
  const dataOf = (values: readonly DuckDBValue[]): Data => {
    const data =
      type instanceof Uint64 ? new BigUint64Array(values.length) : new BigInt64Array(values.length);
    values.forEach((value, row) => {
      if (value !== null) data[row] = wideOf(value);
    });
    return makeData({ type, length: values.length, ...validity(values), data } as never);
  };
  return { type, dataOf };
}

function boolForm(): Form {
  const type = new Bool();
  const dataOf = (values: readonly DuckDBValue[]): Data => {
    const data = new Uint8Array(Math.ceil(values.length / 8));
    values.forEach((value, row) => {
      if (value === true) data[row >> 3] = (data[row >> 3] ?? 0) | (1 << (row & 7));
    });
    return makeData({ type, length: values.length, ...validity(values), data });
  };
  return { type, dataOf };
}

/** Whole numbers of 128 bits, the low half first. */
function decimalForm(digits: number, scale: number): Form {
  const type = new Decimal(scale, digits, decimalBits);
  const dataOf = (values: readonly DuckDBValue[]): Data => {
    const halves = new BigUint64Array(values.length * 2);
    values.forEach((value, row) => {
      if (value === null) return;
      const whole = typeof value === 'bigint' ? value : (value as { value: bigint }).value;
      halves[row * 2] = BigInt.asUintN(64, whole);
      halves[row * 2 + 1] = BigInt.asUintN(64, whole >> 64n);
    });
    const data = new Uint32Array(halves.buffer);
    return makeData({ type, length: values.length, ...validity(values), data });
  };
  return { type, dataOf };
}

function textForm(duck: Duck): Form {
  const type = new Utf8();
  const dataOf = (values: readonly DuckDBValue[]): Data => {
    const texts = values.map((value) => {
      if (value === null) return '';
      const json = valueOf(duck, value);
      return typeof json === 'string' ? json : JSON.stringify(json);
    });
    const valueOffsets = new Int32Array(values.length + 1);
    texts.forEach((text, row) => {
      valueOffsets[row + 1] = (valueOffsets[row] ?? 0) + Buffer.byteLength(text);
    });
    const data = Buffer.from(texts.join(''));
    return makeData({ type, length: values.length, ...validity(values), valueOffsets, data });
  };
  return { type, dataOf };
}

function listForm(item: Form): Form {
  const type = new List(new Field('item', item.type, true));
  const dataOf = (values: readonly DuckDBValue[]): Data => {
    const valueOffsets = new Int32Array(values.length + 1);
    const items: DuckDBValue[] = [];
    values.forEach((value, row) => {
      if (value !== null)
        items.push(...(value as { readonly items: readonly DuckDBValue[] }).items);
      valueOffsets[row + 1] = items.length;
    });
    const child = item.dataOf(items);
    return makeData({ type, length: values.length, ...validity(values), valueOffsets, child });
  };
  return { type, dataOf };
}

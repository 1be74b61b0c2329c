import { DataType, Int64, RecordBatch, Struct, makeData, vectorFromArray } from 'apache-arrow';
import type { Data, Field, List, Schema, Utf8 } from 'apache-arrow';

/** `takeRows`, which loads this. */
export function takenRows(
  schema: Schema,
  { batch, rows }: { readonly batch: RecordBatch; readonly rows: readonly number[] },
  extra: (name: string) => readonly unknown[],
): RecordBatch {
  const children = schema.fields.map((field) => taken(field, batch, rows, extra));
  const type = new Struct(schema.fields);
  return new RecordBatch(schema, makeData({ type, length: rows.length, nullCount: 0, children }));
}

function taken(
  field: Field,
  batch: RecordBatch,
  rows: readonly number[],
  extra: (name: string) => readonly unknown[],
): Data {
  const name = String(field.name);
  const type = field.type as DataType;
  const column = batch.getChild(name);
  if (column === null) return dataOf(type, extra(name));
  const values: unknown = column.data[0]?.values;
  // Positions, versions and times; as dates the latter would lose their microseconds.
  if (values instanceof BigInt64Array) {
    const data = BigInt64Array.from(rows, (row) => values[row] ?? 0n);
    return wholeNumbers(type, data);
  }
  return dataOf(
    type,
    rows.map((row) => column.get(row) as unknown),
  );
}

function wholeNumbers(type: DataType, data: BigInt64Array): Data {
  const length = data.length;
  return DataType.isTimestamp(type)
    ? makeData({ type, length, data })
    : makeData({ type: new Int64(), length, data });
}

function dataOf(type: DataType, values: readonly unknown[]): Data {
  if (DataType.isList(type))
    return listData(type as List<Utf8>, values as readonly Iterable<unknown>[]);
  const data = vectorFromArray(values, type).data[0];
  if (data === undefined) throw new Error('a vector without data');
  return data;
}

function listData(type: List<Utf8>, lists: readonly Iterable<unknown>[]): Data {
  const valueOffsets = new Int32Array(lists.length + 1);
  const items: unknown[] = [];
  for (const [i, list] of lists.entries()) {
    items.push(...list);
    valueOffsets[i + 1] = items.length;
  }
  const child = dataOf(type.valueType, items) as Data<Utf8>;
  return makeData({ type, length: lists.length, valueOffsets, child });
}

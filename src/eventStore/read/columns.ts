import type { EventFilter } from '../../domain/index.js';
import { columnBit, fieldTypeNumber, fromNative, readFlag } from '../../engine/index.js';
import type { StoreCore } from '../storeCore.js';
import type { ReadOptions } from '../types.js';
import { checkedLimit, flagsOf, toEngineQuery } from './query.js';
import type { EngineQuery } from './query.js';
import { argumentsOf } from './reader.js';
import type { Chunk } from './reader.js';

export type ColumnName = keyof typeof columnBit;
export type FieldType = keyof typeof fieldTypeNumber;

/** Columns of events, and of fields of their payloads: a path and a type for each. */
export interface ColumnRequest {
  readonly columns: readonly ColumnName[];
  readonly paths: readonly (readonly string[])[];
  readonly types: readonly FieldType[];
}

/** What the engine filled: native/columnar/columns.h says which buffers each column has. */
export interface ColumnsChunk extends Chunk {
  readonly memory: ArrayBuffer;
  /** Of each buffer in the memory: offset and bytes, in turn. */
  readonly extents: Float64Array;
}

/** What is still to be read. */
export interface RowsRange {
  readonly query: EngineQuery;
  /** Of all tenants but the store's own: only positions count. */
  readonly isOfAll?: boolean;
  rowsLeft: number;
}

/** Of the records of a batch: it ends with the one that goes beyond. */
const batchBytesMax = 64 * 1024 * 1024;

export function rowsRangeOf(
  filter: EventFilter,
  { order, limit }: Pick<ReadOptions, 'order' | 'limit'>,
  watermark: number,
): RowsRange {
  const rowsLeft = limit ?? Infinity;
  if (limit !== undefined) checkedLimit(limit, 1, Number.MAX_SAFE_INTEGER, 'limit');
  const query = toEngineQuery({ ...filter, order });
  query.lastPosition = watermark;
  return { query, rowsLeft: query.firstPosition > watermark ? 0 : rowsLeft };
}

/** All events between two positions, but those of the store's own tenants. */
export function rowsRangeOfAll(first: number, last: number): RowsRange {
  const query = toEngineQuery({ fromPosition: first });
  query.lastPosition = last;
  return { query, isOfAll: true, rowsLeft: Infinity };
}

export async function nextColumns(
  core: StoreCore,
  range: RowsRange,
  { columns, paths, types }: ColumnRequest,
  rowsMax: number,
): Promise<ColumnsChunk | undefined> {
  const { query } = range;
  const events = Math.min(rowsMax, range.rowsLeft);
  if (events === 0) return undefined;
  core.mustBeOpen();
  const style = range.isOfAll === true ? readFlag.everyTenant : 0;
  const args = argumentsOf(query, flagsOf(query, style), { events, bytes: batchBytesMax });
  const bits = columns.reduce((all, name) => all | columnBit[name], 0);
  const numbers = types.map((type) => fieldTypeNumber[type]);
  try {
    const read = await core.native.columns(...args, bits, paths, numbers);
    range.rowsLeft = read.nextPosition === 0 ? 0 : range.rowsLeft - read.rows;
    if (query.order === 'desc') query.lastPosition = read.nextPosition;
    else query.firstPosition = read.nextPosition;
    return { ...read, count: read.rows };
  } catch (error) {
    throw fromNative(error);
  }
}

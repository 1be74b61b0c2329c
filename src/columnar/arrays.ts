import type { EventFilter } from '../domain/index.js';
import type { ColumnRequest, ColumnsChunk, SystemAccess } from '../eventStore/index.js';
import { Buffers } from './buffers.js';
import { chunksOf } from './chunks.js';

export interface ArraysWanted {
  readonly filter: EventFilter;
  /** Default none. */
  readonly columns?: readonly ('position' | 'timestamp' | 'entity_id' | 'event_type')[];
  /** Paths of payload fields that are read as numbers. */
  readonly numbers?: readonly (readonly string[])[];
  /** Paths of payload fields that are read as they stand there. */
  readonly json?: readonly (readonly string[])[];
  readonly signal?: AbortSignal | undefined;
}

/** Texts one behind the other: number n lies in `bytes` from `offsets[n]` to `offsets[n + 1]`. */
export interface Texts {
  readonly offsets: Int32Array;
  readonly bytes: Uint8Array;
}

/** Of each row the number of its text. */
export interface CodedTexts {
  readonly codes: Int32Array;
  readonly texts: Texts;
}

/** Which rows have a value: one bit each, the lowest one first. */
interface Validity {
  readonly validity: Uint8Array;
}

export interface NumberColumn extends Validity {
  readonly values: Float64Array;
}

export interface JsonColumn extends Validity {
  readonly texts: Texts;
}

/** Columns as plain arrays, for work on them in this process; empty where a column was not asked for. */
export interface ArraysBatch {
  readonly rows: number;
  readonly positions: Float64Array;
  /** Microseconds. */
  readonly timestamps: Float64Array;
  readonly entities: CodedTexts;
  readonly types: CodedTexts;
  readonly numbers: readonly NumberColumn[];
  readonly json: readonly JsonColumn[];
}

const batchRows = 16_384;
const two32 = 2 ** 32;
const noTexts: CodedTexts = {
  codes: new Int32Array(),
  texts: { offsets: new Int32Array(1), bytes: new Uint8Array() },
};

/** Columns of matching events that are durable now, in the order of the log. */
export async function* readArrays(
  system: SystemAccess,
  wanted: ArraysWanted,
): AsyncGenerator<ArraysBatch> {
  const { filter, columns = [], numbers = [], json = [], signal } = wanted;
  const request: ColumnRequest = {
    columns,
    paths: [...numbers, ...json],
    types: [...numbers.map(() => 'float64' as const), ...json.map(() => 'json' as const)],
  };
  const range = system.rowsRange(filter, {});
  for await (const chunk of chunksOf(system, { range, request, batchRows, signal })) {
    yield arraysOf(chunk, { columns, numbers, json });
  }
}

/** Buffers come in the order of native/columnar/columns.h, so that they are taken in it here. */
function arraysOf(
  chunk: ColumnsChunk,
  { columns, numbers, json }: Required<Pick<ArraysWanted, 'columns' | 'numbers' | 'json'>>,
): ArraysBatch {
  const buffers = new Buffers(chunk);
  return {
    rows: chunk.count,
    positions: columns.includes('position') ? wholeNumbers(buffers) : new Float64Array(),
    timestamps: columns.includes('timestamp') ? wholeNumbers(buffers) : new Float64Array(),
    entities: columns.includes('entity_id') ? coded(buffers) : noTexts,
    types: columns.includes('event_type') ? coded(buffers) : noTexts,
    numbers: numbers.map(() => ({ validity: buffers.bytes(), values: buffers.float64() })),
    json: json.map(() => ({ validity: buffers.bytes(), texts: texts(buffers) })),
  };
}

function coded(buffers: Buffers): CodedTexts {
  return { codes: buffers.int32(), texts: texts(buffers) };
}

function texts(buffers: Buffers): Texts {
  return { offsets: buffers.int32(), bytes: buffers.bytes() };
}

/** Exact below 2^53, as positions and times are; a bigint for each row would take ten times as long. */
function wholeNumbers(buffers: Buffers): Float64Array {
  const halves = buffers.int32();
  const numbers = new Float64Array(halves.length / 2);
  for (let row = 0; row < numbers.length; row += 1) {
    // Little-endian on every platform that the engine is built for.
    numbers[row] = (halves[2 * row + 1] ?? 0) * two32 + ((halves[2 * row] ?? 0) >>> 0);
  }
  return numbers;
}

import type { ArraysBatch, JsonColumn } from '../../columnar/index.js';
import { invalid, pathOf } from '../input.js';
import { KeyTable } from '../tables/keyTable.js';
import type { GroupBy, GroupValue } from '../types.js';

const fieldPrefix = 'payload.';
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const nullText = encoder.encode('null');
/** Digits of whole numbers that JavaScript writes as they stand there. */
const plainDigitsMax = 15;
const quote = 0x22;
const backslash = 0x5c;
const minus = 0x2d;
const letterT = 0x74;
const letterF = 0x66;

/** Tells events apart by what `groupBy` says, as numbers of a table. */
export class Grouping {
  readonly #by: 'eventType' | 'entityId' | 'field';
  /** Of the field, if it is one. */
  readonly #path: readonly string[];
  readonly table: KeyTable;

  constructor(by: GroupBy, options: { readonly field: string; readonly groupsMax?: number }) {
    const { field, groupsMax } = options;
    this.#by = by === 'eventType' || by === 'entityId' ? by : 'field';
    this.#path = this.#by === 'field' ? fieldOf(by, field) : [];
    this.table = new KeyTable({
      noun: `values of ${by}`,
      ...(groupsMax !== undefined && { keysMax: groupsMax }),
    });
  }

  get columns(): readonly ('entity_id' | 'event_type')[] {
    if (this.#by === 'field') return [];
    return [this.#by === 'entityId' ? 'entity_id' : 'event_type'];
  }

  get json(): readonly (readonly string[])[] {
    return this.#by === 'field' ? [this.#path] : [];
  }

  /** The group of each row. */
  idsOf({ rows, entities, types, json: [column] }: ArraysBatch): Int32Array {
    const ids = new Int32Array(rows);
    if (column !== undefined) {
      for (let row = 0; row < rows; row += 1) ids[row] = this.#idOf(column, row);
      return ids;
    }
    const { codes, texts } = this.#by === 'entityId' ? entities : types;
    const idOfCode = this.table.idsOf(texts);
    for (let row = 0; row < rows; row += 1) ids[row] = idOfCode[codes[row] ?? 0] ?? 0;
    return ids;
  }

  valueOf(name: string): GroupValue {
    // The table has JSON of scalars alone.
    return this.#by === 'field' ? (JSON.parse(name) as GroupValue) : name;
  }

  #idOf({ validity, texts: { offsets, bytes } }: JsonColumn, row: number): number {
    if (((validity[row >> 3] ?? 0) & (1 << (row & 7))) === 0) return this.#nullId();
    const [begin, end] = [offsets[row] ?? 0, offsets[row + 1] ?? 0];
    if (isPlain(bytes, begin, end)) return this.table.idOf(bytes, begin, end);
    const value: unknown = JSON.parse(decoder.decode(bytes.subarray(begin, end)));
    if (typeof value === 'object') return this.#nullId();
    const text = encoder.encode(JSON.stringify(value));
    return this.table.idOf(text, 0, text.length);
  }

  #nullId(): number {
    return this.table.idOf(nullText, 0, nullText.length);
  }
}

function fieldOf(by: unknown, field: string): readonly string[] {
  if (typeof by === 'string' && by.startsWith(fieldPrefix)) return pathOf(by, field);
  throw invalid(field, 'expected event_type, entity_id, or a field such as payload.country');
}

/**
 * Whether a JSON text is the only one of its value: a string without escapes, true, false, or a small whole
 * number.
 */
function isPlain(bytes: Uint8Array, begin: number, end: number): boolean {
  if (bytes[begin] === quote) {
    for (let at = begin + 1; at < end; at += 1) if (bytes[at] === backslash) return false;
    return true;
  }
  if (bytes[begin] === letterT || bytes[begin] === letterF) return true;
  if (end - begin > plainDigitsMax) return false;
  const first = bytes[begin] === minus ? begin + 1 : begin;
  for (let at = first; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return false;
  }
  // -0 is 0.
  return first === begin || bytes[first] !== 0x30;
}

import { formatTimestamp } from '../../domain/index.js';
import type { Duck, DuckDBValue } from '../database/duck.js';
import type { SqlValue } from '../types.js';

/** A value of DuckDB as JSON has it. What has no form of its own there is the text that DuckDB writes. */
export function valueOf(duck: Duck, value: DuckDBValue): SqlValue {
  switch (typeof value) {
    case 'bigint':
      return wholeNumber(value);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'object':
      return value === null ? null : objectOf(duck, value);
    default:
      return value;
  }
}

/** A number where it is exact as one. */
function wholeNumber(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function objectOf(duck: Duck, value: NonNullable<DuckDBValue> & object): SqlValue {
  if (value instanceof duck.DuckDBTimestampTZValue) return timeOf(value, 'Z');
  if (value instanceof duck.DuckDBTimestampValue) return timeOf(value, '');
  if (value instanceof duck.DuckDBListValue || value instanceof duck.DuckDBArrayValue) {
    return value.items.map((item) => valueOf(duck, item));
  }
  if (value instanceof duck.DuckDBStructValue) {
    const entries = Object.entries(value.entries);
    return Object.fromEntries(entries.map(([name, member]) => [name, valueOf(duck, member)]));
  }
  if (value instanceof duck.DuckDBMapValue) {
    return value.entries.map(({ key, value: member }) => ({
      key: valueOf(duck, key),
      value: valueOf(duck, member),
    }));
  }
  if (value instanceof duck.DuckDBUnionValue) return valueOf(duck, value.value);
  if (value instanceof duck.DuckDBBlobValue) return Buffer.from(value.bytes).toString('base64');
  return String(value);
}

function timeOf(value: { readonly micros: bigint; toString(): string }, zone: 'Z' | ''): string {
  const micros = Number(value.micros);
  // From 1684 to 2255, where microseconds are exact.
  if (!Number.isSafeInteger(micros)) return String(value);
  const text = formatTimestamp(micros);
  return zone === 'Z' ? text : text.slice(0, -1);
}

import { eventBytesMax, isJsonObject, jsonDepthMax } from '../../domain/index.js';
import type { JsonValue } from '../../domain/index.js';

/** A result is written as an event, or in one: this is left for what is around it. */
const bytesAround = 4096;
const levelsAround = 2;
const bytesMax = eventBytesMax - bytesAround;
const levelsMax = jsonDepthMax - levelsAround;
/** Bytes of JSON at most: of a UTF-16 unit that is escaped, and of a number with its comma. */
const unitBytesMax = 6;
const scalarBytesMax = 26;
/** Quotes, colon and comma of a text or name. */
const marksBytes = 4;

/** Why the store would not take a result; undefined where it does. */
export function resultFault(value: JsonValue): string | undefined {
  const bytes = boundOf(value, levelsMax);
  if (Number.isNaN(bytes)) return `its result has more than ${levelsMax} levels`;
  if (bytes <= bytesMax) return undefined;
  const exact = new TextEncoder().encode(JSON.stringify(value)).length;
  return exact <= bytesMax ? undefined : `its result has ${exact} bytes, more than ${bytesMax}`;
}

/** Bytes that a value has as JSON, at most; NaN where it has more than so many levels. */
function boundOf(value: JsonValue, levels: number): number {
  if (typeof value === 'string') return value.length * unitBytesMax + marksBytes;
  if (typeof value !== 'object' || value === null) return scalarBytesMax;
  if (levels === 0) return NaN;
  let bytes = marksBytes;
  if (!isJsonObject(value)) {
    for (const item of value) bytes += boundOf(item, levels - 1);
    return bytes;
  }
  for (const name in value) {
    bytes += name.length * unitBytesMax + marksBytes + boundOf(value[name] ?? null, levels - 1);
  }
  return bytes;
}

import type { JsonValue } from './event.js';

/** The names of a dotted path from the payload on; `payload.` before them may be there. */
export function fieldPath(text: string): readonly string[] {
  const names = text.split('.');
  return names[0] === 'payload' && names.length > 1 ? names.slice(1) : names;
}

/** What a value has at a path: own members, and items of arrays by their number. */
export function valueAt(value: JsonValue, path: readonly string[]): JsonValue | undefined {
  let at: JsonValue | undefined = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    if (Array.isArray(at) && name === 'length') return undefined;
    // It is an own member, of an object or of an array.
    at = (at as Readonly<Record<string, JsonValue>>)[name];
  }
  return at;
}

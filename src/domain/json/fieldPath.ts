import type { JsonValue } from '../event.js';
import { isJsonObject, ownMember } from './jsonValue.js';

/** One name of a path. */
export interface PathSegment {
  readonly name: string;
  /** As a place in an array; -1 where it is none. */
  readonly index: number;
}

/** The names of a dotted path from the payload on; `payload.` before them may be there. */
export function fieldPath(text: string): readonly PathSegment[] {
  const names = text.split('.');
  return pathSegments(names[0] === 'payload' && names.length > 1 ? names.slice(1) : names);
}

export function pathSegments(names: readonly string[]): readonly PathSegment[] {
  return names.map((name) => ({
    name,
    index: /^(0|[1-9]\d{0,8})$/.test(name) ? Number(name) : -1,
  }));
}

/** What a value has at a path; undefined where it has nothing there. */
export function valueAt(value: JsonValue, path: readonly PathSegment[]): JsonValue | undefined {
  let at: JsonValue | undefined = value;
  for (const segment of path) {
    at = memberAt(at, segment);
    if (at === undefined) return undefined;
  }
  return at;
}

/** An own member of an object, or an item of an array. */
export function memberAt(value: JsonValue, { name, index }: PathSegment): JsonValue | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  // The narrowing of a readonly array by isArray is any[].
  if (Array.isArray(value)) return index < 0 ? undefined : (value as readonly JsonValue[])[index];
  return isJsonObject(value) ? ownMember(value, name) : undefined;
}

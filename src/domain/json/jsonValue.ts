import type { JsonObject, JsonValue } from '../event.js';
import { jsonDepthMax } from '../limits.js';

/** Whether it is an object of JSON: neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value can be written as JSON and is not nested too deeply. */
export function isJsonValue(value: unknown, depth = 0): value is JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || depth >= jsonDepthMax) return false;
  if (Array.isArray(value)) return value.every((member) => isJsonValue(member, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return false;
  return Object.values(value).every((member) => isJsonValue(member, depth + 1));
}

/** Sets an own member of an object that was just made; `__proto__` is a name as any other. */
export function setMember(
  object: Record<string, JsonValue | undefined>,
  name: string,
  value: JsonValue,
): void {
  if (name !== '__proto__') object[name] = value;
  else {
    Object.defineProperty(object, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
}

/** Members that are there: TypeScript's optional ones may be undefined. */
export function ownMember(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Equality of JSON: numbers by value, objects whatever the order of their names. */
export function isEqual(left: JsonValue, right: JsonValue): boolean {
  if (left === right) return true;
  if (Array.isArray(left)) {
    // The narrowing of a readonly array by isArray is any[].
    const [a, b] = [left as readonly JsonValue[], right as readonly JsonValue[]];
    if (!Array.isArray(right) || a.length !== b.length) return false;
    return a.every((value, at) => isEqual(value, b[at] ?? null));
  }
  if (!isJsonObject(left) || !isJsonObject(right)) return false;
  const names = Object.keys(left).filter((name) => left[name] !== undefined);
  const others = Object.keys(right).filter((name) => right[name] !== undefined);
  if (names.length !== others.length) return false;
  return names.every((name) => {
    const [a, b] = [ownMember(left, name), ownMember(right, name)];
    return a !== undefined && b !== undefined && isEqual(a, b);
  });
}

/** JSON text with sorted names, equal for equal values; undefined where it is nested too deeply. */
export function canonicalText(value: JsonValue, depth = 0): string | undefined {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (depth >= jsonDepthMax) return undefined;
  const texts: string[] = [];
  if (Array.isArray(value)) {
    // The narrowing of a readonly array by isArray is any[].
    for (const member of value as readonly JsonValue[]) {
      const text = canonicalText(member, depth + 1);
      if (text === undefined) return undefined;
      texts.push(text);
    }
    return `[${texts.join(',')}]`;
  }
  for (const [name, member] of Object.entries(value).sort(byName)) {
    if (member === undefined) continue;
    const text = canonicalText(member, depth + 1);
    if (text === undefined) return undefined;
    texts.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${texts.join(',')}}`;
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

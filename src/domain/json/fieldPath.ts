import type { JsonValue } from '../event.js';
import { Failure, kindOf } from './failure.js';
import { isJsonObject, ownMember, setMember } from './jsonValue.js';

const pathCharactersMax = 256;
const pathSegmentsMax = 32;

/** One name of a path. */
export interface PathSegment {
  readonly name: string;
  /** As a place in an array; -1 where it is none. */
  readonly index: number;
}

/** Why a text is no dotted path; undefined where it is one. */
export function fieldPathProblem(text: string): string | undefined {
  const names = text.split('.');
  if (text.length > pathCharactersMax) return `expected at most ${pathCharactersMax} characters`;
  if (names.length > pathSegmentsMax) return `expected at most ${pathSegmentsMax} names`;
  return names.includes('') ? 'expected names with dots between them, as total.net' : undefined;
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
function memberAt(value: JsonValue, { name, index }: PathSegment): JsonValue | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  // The narrowing of a readonly array by isArray is any[].
  if (Array.isArray(value)) return index < 0 ? undefined : (value as readonly JsonValue[])[index];
  return isJsonObject(value) ? ownMember(value, name) : undefined;
}

/** A value that has another at a path; what is missing on the way to it is made. */
export function withValueAt(
  value: JsonValue,
  path: readonly PathSegment[],
  next: JsonValue,
): JsonValue | Failure {
  return replaced(value, path, 0, next);
}

function replaced(
  value: JsonValue | undefined,
  path: readonly PathSegment[],
  depth: number,
  next: JsonValue,
): JsonValue | Failure {
  const segment = path[depth];
  if (segment === undefined) return next;
  const { name, index } = segment;
  if (Array.isArray(value)) {
    // The narrowing of a readonly array by isArray is any[].
    const copy = [...(value as readonly JsonValue[])];
    const item = copy[index];
    if (item === undefined) return new Failure('expected a place in the array');
    const changed = replaced(item, path, depth + 1, next);
    if (changed instanceof Failure) return changed;
    copy[index] = changed;
    return copy;
  }
  if (value !== undefined && !isJsonObject(value)) {
    return new Failure(`expected an object before ${name}, got ${kindOf(value)}`);
  }
  const member = value === undefined ? undefined : ownMember(value, name);
  const changed = replaced(member, path, depth + 1, next);
  if (changed instanceof Failure) return changed;
  const copy: Record<string, JsonValue | undefined> = { ...value };
  setMember(copy, name, changed);
  return copy;
}

/** A value without what it has at a path; the same where it has nothing there. */
export function withoutValueAt(
  value: JsonValue,
  path: readonly PathSegment[],
  depth = 0,
): JsonValue {
  const segment = path[depth];
  const member = segment && memberAt(value, segment);
  if (segment === undefined || member === undefined) return value;
  const isLast = depth === path.length - 1;
  const next = isLast ? undefined : withoutValueAt(member, path, depth + 1);
  if (Array.isArray(value)) {
    // The narrowing of a readonly array by isArray is any[].
    const members = value as readonly JsonValue[];
    const kept = next === undefined ? [] : [next];
    return [...members.slice(0, segment.index), ...kept, ...members.slice(segment.index + 1)];
  }
  // A member was found, so it is an object.
  const { [segment.name]: _, ...others } = value as Readonly<Record<string, JsonValue>>;
  if (next === undefined) return others;
  const copy = { ...(value as Readonly<Record<string, JsonValue>>) };
  setMember(copy, segment.name, next);
  return copy;
}

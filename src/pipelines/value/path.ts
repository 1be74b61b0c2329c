import {
  isJsonObject,
  memberAt,
  ownMember,
  pathSegments,
  setMember,
  valueAt,
} from '../../domain/index.js';
import type { JsonValue, PathSegment } from '../../domain/index.js';
import { pathCharactersMax, pathSegmentsMax } from '../definition/limits.js';
import { Failure, kindOf } from './failure.js';
import type { Item } from './item.js';

const eventFields = {
  $event_type: ({ event }: Item) => event?.eventType,
  $entity_id: ({ event }: Item) => event?.entityId,
  $tenant_id: ({ event }: Item) => event?.tenantId,
  $timestamp: ({ time }: Item) => time,
  $version: ({ event }: Item) => event?.version,
  $position: ({ event }: Item) => event?.position,
} as const;

/** A field of an item, compiled once. */
export interface Path {
  /** As it was written. */
  readonly text: string;
  /** Empty for the whole value, and for a field of the event. */
  readonly segments: readonly PathSegment[];
  readonly ofEvent: ((item: Item) => JsonValue | undefined) | undefined;
}

/** Why a text is no path; undefined where it is one. */
export function pathProblem(text: string): string | undefined {
  if (text.startsWith('$')) {
    const names = Object.keys(eventFields);
    return names.includes(text)
      ? undefined
      : `expected one of ${names.join(', ')}; a field of that name is payload.${text}`;
  }
  const segments = text.split('.');
  if (text.length > pathCharactersMax) return `expected at most ${pathCharactersMax} characters`;
  if (segments.length > pathSegmentsMax) return `expected at most ${pathSegmentsMax} names`;
  return segments.includes('') ? 'expected names with dots between them, as total.net' : undefined;
}

/** The text is known to be a path. */
export function compilePath(text: string): Path {
  const ofEvent = Object.entries(eventFields).find(([name]) => name === text)?.[1];
  if (ofEvent !== undefined) return { text, segments: [], ofEvent };
  const names = text === 'payload' ? [] : text.replace(/^payload\./, '').split('.');
  return { text, segments: pathSegments(names), ofEvent: undefined };
}

/** Undefined where the field is missing. */
export function readPath(path: Path, item: Item): JsonValue | undefined {
  if (path.ofEvent !== undefined) return path.ofEvent(item);
  return valueAt(item.value, path.segments);
}

/** A value in which the field is another; what is missing on the way to it is made. */
export function withField(path: Path, value: JsonValue, field: JsonValue): JsonValue | Failure {
  return replaced(path, 0, value, field);
}

function replaced(
  path: Path,
  depth: number,
  value: JsonValue | undefined,
  field: JsonValue,
): JsonValue | Failure {
  const segment = path.segments[depth];
  if (segment === undefined) return field;
  const { name, index } = segment;
  if (Array.isArray(value)) {
    // The narrowing of a readonly array by isArray is any[].
    const copy = [...(value as readonly JsonValue[])];
    const member = copy[index];
    if (member === undefined) return new Failure(`${path.text}: expected a place in the array`);
    const next = replaced(path, depth + 1, member, field);
    if (next instanceof Failure) return next;
    copy[index] = next;
    return copy;
  }
  if (value !== undefined && !isJsonObject(value)) {
    return new Failure(`${path.text}: expected an object before ${name}, got ${kindOf(value)}`);
  }
  const member = value === undefined ? undefined : ownMember(value, name);
  const next = replaced(path, depth + 1, member, field);
  if (next instanceof Failure) return next;
  const copy: Record<string, JsonValue | undefined> = { ...value };
  setMember(copy, name, next);
  return copy;
}

/** A value without the field; the same where it has none. */
export function withoutField(path: Path, value: JsonValue, depth = 0): JsonValue {
  const segment = path.segments[depth];
  const member = segment && memberAt(value, segment);
  if (segment === undefined || member === undefined) return value;
  const isLast = depth === path.segments.length - 1;
  const next = isLast ? undefined : withoutField(path, member, depth + 1);
  if (Array.isArray(value)) {
    // The narrowing of a readonly array by isArray is any[].
    const members = value as readonly JsonValue[];
    const kept = next === undefined ? [] : [next];
    return [...members.slice(0, segment.index), ...kept, ...members.slice(segment.index + 1)];
  }
  // A member was found, so it is an object.
  const { [segment.name]: _, ...rest } = value as Readonly<Record<string, JsonValue>>;
  if (next === undefined) return rest;
  const copy = { ...(value as Readonly<Record<string, JsonValue>>) };
  setMember(copy, segment.name, next);
  return copy;
}

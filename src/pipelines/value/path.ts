import {
  Failure,
  fieldPathProblem,
  pathSegments,
  valueAt,
  withValueAt,
  withoutValueAt,
} from '../../domain/index.js';
import type { JsonValue, PathSegment, TextRule } from '../../domain/index.js';
import { columnValue } from './columns.js';
import type { Columns } from './columns.js';
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
  /** Its place in rows; -1 where they don't have it. */
  readonly place: number;
}

/** Why a text is no path; undefined where it is one. */
export function pathProblem(text: string): string | undefined {
  if (text.startsWith('$')) {
    const names = Object.keys(eventFields);
    return names.includes(text)
      ? undefined
      : `expected one of ${names.join(', ')}; a field of that name is payload.${text}`;
  }
  return fieldPathProblem(text);
}

export const pathRule: TextRule = { problem: pathProblem };

/** The text is known to be a path. */
export function compilePath(text: string, columns?: Columns): Path {
  const ofEvent = Object.entries(eventFields).find(([name]) => name === text)?.[1];
  if (ofEvent !== undefined) return { text, segments: [], ofEvent, place: -1 };
  const names = text === 'payload' ? [] : text.replace(/^payload\./, '').split('.');
  const path = { text, segments: pathSegments(names), ofEvent: undefined, place: -1 };
  return columns === undefined ? path : { ...path, place: columns.placeOf(columnOf(path)) };
}

/** The column that has a field of payloads. */
export function columnOf({ segments }: Path): string {
  return ['payload', ...segments.map(({ name }) => name)].join('.');
}

/** Undefined where the field is missing. */
export function readPath(path: Path, item: Item): JsonValue | undefined {
  if (path.ofEvent !== undefined) return path.ofEvent(item);
  if (item.row !== undefined) return columnValue(item.row[path.place]);
  return valueAt(item.value, path.segments);
}

/** A value in which the field is another; what is missing on the way to it is made. */
export function withField(path: Path, value: JsonValue, field: JsonValue): JsonValue | Failure {
  const changed = withValueAt(value, path.segments, field);
  return changed instanceof Failure ? new Failure(`${path.text}: ${changed.reason}`) : changed;
}

/** A value without the field; the same where it has none. */
export function withoutField(path: Path, value: JsonValue): JsonValue {
  return withoutValueAt(value, path.segments);
}

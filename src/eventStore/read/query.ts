import {
  AllSourceError,
  decodeCursor,
  encodeCursor,
  matchItemsMax,
  matchTextsMax,
  pageEventsDefault,
  pageEventsMax,
  parseTimestamp,
  tagsMax,
} from '../../domain/index.js';
import type { EventFilter, EventMatch, Order } from '../../domain/index.js';
import { readFlag } from '../../engine/index.js';
import type { ReadOptions } from '../types.js';

/** A read as the engine takes it: NaN and undefined where nothing is asked for. */
export interface EngineQuery {
  readonly tenantId: string;
  readonly entityId: string | undefined;
  readonly eventType: string | undefined;
  readonly eventTypePrefix: string | undefined;
  readonly tags: readonly string[] | undefined;
  /** Types, entities and tags of each match, in turn. */
  readonly matches: readonly (readonly string[])[] | undefined;
  firstPosition: number;
  lastPosition: number;
  sinceMicros: number;
  readonly untilMicros: number;
  readonly order: Order;
  /** Exactly these events, in this order, whatever else is asked for. */
  readonly positions?: Float64Array | undefined;
  /** Members of payloads that rows have, all where it is undefined; or what columns are of. */
  readonly fields?: readonly string[] | undefined;
}

const readOptionNames: Readonly<Record<keyof ReadOptions, true>> = {
  upcast: true,
  tenantId: true,
  entityId: true,
  eventType: true,
  eventTypePrefix: true,
  tags: true,
  match: true,
  since: true,
  until: true,
  asOf: true,
  fromPosition: true,
  order: true,
  limit: true,
  cursor: true,
};

export function toEngineQuery(options: ReadOptions): EngineQuery {
  // A filter that is misspelt must not become a read of everything.
  for (const name in options) if (!(name in readOptionNames)) throw unknownOption(name);
  const query: EngineQuery = {
    tenantId: tenantOf(options.tenantId),
    entityId: optionalText(options.entityId, 'entity_id'),
    eventType: optionalText(options.eventType, 'event_type'),
    eventTypePrefix: optionalText(options.eventTypePrefix, 'event_type_prefix'),
    tags: tagsOf(options.tags),
    matches: matchesOf(options.match),
    firstPosition: positionOf(options.fromPosition),
    lastPosition: NaN,
    sinceMicros: microsOf(options.since, 'since'),
    untilMicros: earlier(microsOf(options.until, 'until'), microsOf(options.asOf, 'as_of')),
    order: orderOf(options.order ?? 'asc'),
  };
  if (options.cursor !== undefined) applyCursor(query, options.cursor);
  return query;
}

/** The one event at a position, if it is the tenant's. */
export function positionQuery(tenantId: string, position: number): EngineQuery {
  const query = toEngineQuery({ tenantId, fromPosition: position });
  query.lastPosition = position;
  return query;
}

export function flagsOf(query: EngineQuery, style: number): number {
  return style | (query.order === 'desc' ? readFlag.descending : 0);
}

/** The cursor of the page that begins at `position`; null where there is none (0). */
export function cursorOf(query: EngineQuery, position: number): string | null {
  if (position === 0) return null;
  return encodeCursor({ order: query.order, position, filter: fingerprint(query) });
}

export function pageLimit(limit: number | undefined): number {
  return checkedLimit(limit ?? pageEventsDefault, 1, pageEventsMax, 'limit');
}

export function checkedLimit(limit: number, min: number, max: number, field: string): number {
  if (Number.isInteger(limit) && limit >= min && limit <= max) return limit;
  throw new AllSourceError(
    'invalid_query',
    `${field}: expected a whole number from ${min} to ${max}, got ${limit}`,
    { details: [{ field, reason: `not from ${min} to ${max}` }] },
  );
}

/** The types say so; callers without types are told instead of being given everything. */
export function textOf(value: string, field: string): string {
  if (typeof value === 'string') return value;
  throw new AllSourceError('invalid_query', `${field}: expected a string, got ${typeof value}`, {
    details: [{ field, reason: 'not a string' }],
  });
}

/** Tenants that begin with `$` are the store's own: nobody reads them. */
export function tenantOf(tenantId: string | undefined): string {
  const tenant = textOf(tenantId ?? 'default', 'tenant_id');
  if (!tenant.startsWith('$')) return tenant;
  const reason = "only letters, digits, '-' and '_' are allowed";
  throw new AllSourceError('invalid_query', `tenant_id: ${reason}`, {
    details: [{ field: 'tenant_id', reason }],
  });
}

function optionalText(value: string | undefined, field: string): string | undefined {
  return value === undefined ? undefined : textOf(value, field);
}

function tagsOf(tags: readonly string[] | undefined): readonly string[] | undefined {
  if (tags === undefined || tags.length === 0) return undefined;
  if (Array.isArray(tags) && tags.length <= tagsMax) {
    return tags.map((tag: string) => textOf(tag, 'tags'));
  }
  throw new AllSourceError(
    'invalid_query',
    `tags: expected an array of at most ${tagsMax} strings`,
    {
      details: [{ field: 'tags', reason: `not an array of at most ${tagsMax} strings` }],
    },
  );
}

const matchNames: Readonly<Record<keyof EventMatch, number>> = {
  eventTypes: matchTextsMax,
  entityIds: matchTextsMax,
  tags: tagsMax,
};

function matchesOf(match: EventFilter['match']): readonly (readonly string[])[] | undefined {
  if (match === undefined) return undefined;
  const items: readonly unknown[] = Array.isArray(match) ? match : [match];
  if (items.length === 0 || items.length > matchItemsMax) {
    throw badMatch('match', `expected 1-${matchItemsMax} matches, got ${items.length}`);
  }
  return items.flatMap((item) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) {
      throw badMatch('match', 'expected an object with eventTypes, entityIds or tags');
    }
    const unknown = Object.keys(item).find((name) => !(name in matchNames));
    if (unknown !== undefined) {
      throw badMatch(`match.${unknown}`, 'not known; a match has eventTypes, entityIds and tags');
    }
    const { eventTypes, entityIds, tags } = item as EventMatch;
    return [
      textsOf('eventTypes', eventTypes),
      textsOf('entityIds', entityIds),
      textsOf('tags', tags),
    ];
  });
}

/** Each once: the engine goes through their lists side by side. */
function textsOf(name: keyof EventMatch, texts: readonly string[] | undefined): readonly string[] {
  if (texts === undefined) return [];
  const max = matchNames[name];
  const isList = Array.isArray(texts) && texts.length > 0 && texts.length <= max;
  if (isList && texts.every((text) => typeof text === 'string')) return [...new Set(texts)];
  throw badMatch(`match.${name}`, `expected an array of 1-${max} strings`);
}

function badMatch(field: string, reason: string): AllSourceError {
  return new AllSourceError('invalid_query', `${field}: ${reason}`, {
    details: [{ field, reason }],
  });
}

/** Microseconds of a time that is given as such or as RFC 3339 text; NaN where none is. */
export function microsOf(time: number | string | undefined, field: string): number {
  if (time === undefined) return NaN;
  if (typeof time === 'string') return parseTimestamp(time, field);
  if (Number.isSafeInteger(time)) return time;
  throw new AllSourceError(
    'invalid_query',
    `${field}: expected microseconds since 1970 as a whole number, got ${time}`,
    { details: [{ field, reason: 'not a whole number of microseconds' }] },
  );
}

/** Whether two filters ask for the same events is told by 53 bits of a hash of them. */
export function filterFingerprint(parts: readonly unknown[]): string {
  let low = 0x811c9dc5;
  let high = 0x01000193;
  for (const unit of JSON.stringify(parts)) {
    const code = unit.codePointAt(0) ?? 0;
    low = Math.imul(low ^ code, 0x01000193) >>> 0;
    high = Math.imul(high ^ code, 0x85ebca6b) >>> 0;
  }
  return ((high & 0x1fffff) * 0x100000000 + low).toString(36);
}

function unknownOption(name: string): AllSourceError {
  const known = Object.keys(readOptionNames).join(', ');
  return new AllSourceError(
    'invalid_query',
    `${name}: not an option of a read; they are ${known}`,
    {
      details: [{ field: name, reason: 'not known' }],
    },
  );
}

function applyCursor(query: EngineQuery, text: string): void {
  const cursor = decodeCursor(textOf(text, 'cursor'));
  if (cursor.order !== query.order || cursor.filter !== fingerprint(query)) {
    throw new AllSourceError(
      'invalid_query',
      'cursor: it belongs to another query; give the same filters and order as for the first page',
      { details: [{ field: 'cursor', reason: 'of another query' }] },
    );
  }
  if (query.order === 'asc') {
    query.firstPosition = cursor.position;
  } else {
    query.lastPosition = cursor.position;
  }
}

function fingerprint(query: EngineQuery): string {
  return filterFingerprint([
    query.tenantId,
    query.entityId,
    query.eventType,
    query.eventTypePrefix,
    query.tags,
    query.matches,
    query.sinceMicros,
    query.untilMicros,
  ]);
}

function positionOf(position: EventFilter['fromPosition']): number {
  if (position === undefined) return NaN;
  return checkedLimit(position, 0, Number.MAX_SAFE_INTEGER, 'from_position');
}

function orderOf(order: Order): Order {
  if (order === 'asc' || order === 'desc') return order;
  const reason = "expected 'asc' or 'desc'";
  throw new AllSourceError('invalid_query', `order: ${reason}, got ${String(order)}`, {
    details: [{ field: 'order', reason }],
  });
}

function earlier(a: number, b: number): number {
  if (Number.isNaN(a)) return b;
  return Number.isNaN(b) ? a : Math.min(a, b);
}

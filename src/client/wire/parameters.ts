import { AllSourceError, formatTimestamp, toWireMatches } from '../../domain/index.js';
import type { EventMatch } from '../../domain/index.js';

/** An array is a parameter given several times. */
export type QueryParameters = Readonly<
  Record<string, string | number | readonly string[] | undefined>
>;

type BadOptionCode = 'invalid_query' | 'validation_error';
type Kind = 'text' | 'number' | 'time' | 'tags' | 'match' | 'fields';

/** How the options of a call are called on the wire, and what they hold. */
export type OptionTable = Readonly<Record<string, readonly [name: string, kind: Kind]>>;

const filter = {
  entityId: ['entity_id', 'text'],
  eventType: ['event_type', 'text'],
  eventTypePrefix: ['event_type_prefix', 'text'],
  tags: ['tag', 'tags'],
  match: ['match', 'match'],
} as const satisfies OptionTable;
const tenant = { tenantId: ['tenant_id', 'text'] } as const satisfies OptionTable;
const page = { limit: ['limit', 'number'], cursor: ['cursor', 'text'] } as const;

const bounds = {
  since: ['since', 'time'],
  until: ['until', 'time'],
  asOf: ['as_of', 'time'],
  fromPosition: ['from_position', 'number'],
  order: ['order', 'text'],
} as const satisfies OptionTable;

const range = { ...tenant, since: ['since', 'time'], until: ['until', 'time'] } as const;
const analyticsFilter = { ...range, ...filter } as const satisfies OptionTable;

const read = {
  ...tenant,
  ...filter,
  ...page,
  ...bounds,
  upcast: ['upcast', 'text'],
} as const satisfies OptionTable;

export const optionTables = {
  tenant,
  read,
  arrow: {
    ...tenant,
    ...filter,
    ...bounds,
    limit: ['limit', 'number'],
    columns: ['column', 'tags'],
    fields: ['field', 'fields'],
  },
  event: { ...tenant, upcast: ['upcast', 'text'] },
  live: { ...read, topic: ['topic', 'text'] },
  list: { ...tenant, ...page, prefix: ['prefix', 'text'] },
  state: {
    ...tenant,
    asOf: ['as_of', 'time'],
    version: ['version', 'number'],
    merge: ['merge', 'text'],
    historyLimit: ['history_limit', 'number'],
  },
  projectedStates: { ...page, prefix: ['prefix', 'text'] },
  frequency: {
    ...analyticsFilter,
    window: ['window', 'text'],
    bucketSize: ['bucket_size', 'number'],
  },
  summary: analyticsFilter,
  counts: { ...analyticsFilter, by: ['by', 'text'], limit: ['limit', 'number'] },
  correlation: {
    ...range,
    eventTypeA: ['event_type_a', 'text'],
    eventTypeB: ['event_type_b', 'text'],
    timeWindowSeconds: ['time_window_seconds', 'number'],
  },
  cohorts: {
    ...range,
    period: ['period', 'text'],
    firstEventType: ['first_event_type', 'text'],
    returnEventType: ['return_event_type', 'text'],
    periods: ['periods', 'number'],
  },
  field: {
    ...analyticsFilter,
    percentiles: ['percentiles', 'text'],
    groupBy: ['group_by', 'text'],
  },
  snapshots: { ...tenant, ...page, entityId: ['entity_id', 'text'] },
  treeHead: { treeSize: ['tree_size', 'number'] },
  proof: { ...tenant, treeSize: ['tree_size', 'number'] },
  consistency: { secondSize: ['second_size', 'number'] },
} as const satisfies Record<string, OptionTable>;

/**
 * Query parameters of a call's options. Values are checked by the server; here only what could not
 * reach it as it is. Throws `invalid_query`.
 */
export function toQuery(options: object, table: OptionTable): QueryParameters {
  const query: Record<string, string | number | readonly string[] | undefined> = {};
  checkNames(options, new Set(Object.keys(table)));
  for (const [option, [name, kind]] of Object.entries(table)) {
    // What a caller without types gives, too.
    const value: unknown = (options as Record<string, unknown>)[option];
    if (value !== undefined) query[name] = toParameter(option, value, kind);
  }
  return query;
}

function toParameter(option: string, value: unknown, kind: Kind) {
  switch (kind) {
    case 'text':
      if (typeof value === 'string') return value;
      throw badOption(option, `expected a string, got ${typeof value}`);
    case 'number':
      if (typeof value === 'number') return value;
      throw badOption(option, `expected a number, got ${typeof value}`);
    case 'time':
      return toTime(option, value);
    case 'tags':
      if (Array.isArray(value) && value.every((tag) => typeof tag === 'string')) {
        return value;
      }
      throw badOption(option, 'expected an array of strings');
    case 'fields':
      return toFields(option, value);
    case 'match':
      return JSON.stringify(toMatch(option, value));
  }
}

/** `name=path:type` for each field. */
function toFields(option: string, value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) throw badOption(option, 'expected an object');
  return Object.entries(value).map(([name, field]: [string, unknown]) => {
    const { path, type } =
      typeof field === 'object' && field !== null
        ? (field as Readonly<Record<string, unknown>>)
        : { path: name, type: field };
    if (typeof path !== 'string' || typeof type !== 'string') {
      throw badOption(`${option}.${name}`, 'expected a type, or a path and a type');
    }
    if (`${name}${path}`.includes('=')) {
      throw badOption(`${option}.${name}`, "'=' can't stand in a name or a path here");
    }
    return `${name}=${path}:${type}`;
  });
}

/** RFC 3339 text of a time: microseconds, or text already. */
export function toTime(option: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) {
    try {
      return formatTimestamp(value);
    } catch {
      // Beyond the years that a Date has.
    }
  }
  throw badOption(option, 'expected microseconds since 1970, or RFC 3339 text');
}

const matchNames: ReadonlySet<string> = new Set(['eventTypes', 'tags', 'entityIds']);

/** What a match is on the wire; the server checks what it holds. */
export function toMatch(option: string, value: unknown, code: BadOptionCode = 'invalid_query') {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  for (const item of items) {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) {
      throw badOption(
        option,
        'expected an object of eventTypes, tags and entityIds, or an array',
        code,
      );
    }
    checkNames(item, matchNames, { within: `${option}.`, code });
    for (const [name, texts] of Object.entries(item)) {
      if (texts !== undefined && !Array.isArray(texts)) {
        throw badOption(`${option}.${name}`, 'expected an array of strings', code);
      }
    }
  }
  // Arrays of whatever the caller has in them: the server says what is wrong with that.
  return toWireMatches(items as readonly EventMatch[]);
}

/** A part of a path; one that is no text, or none, would make another path of it. */
export function segmentOf(text: unknown, name: string, code?: BadOptionCode): string {
  if (typeof text === 'string' && text !== '') return encodeURIComponent(text);
  const got = text === '' ? 'an empty one' : typeof text;
  throw badOption(name, `expected a string, got ${got}`, code);
}

/** Throws where options have a name that is not known. */
export function checkNames(
  options: object,
  known: ReadonlySet<string>,
  {
    within = '',
    code,
  }: { readonly within?: string; readonly code?: BadOptionCode | undefined } = {},
): void {
  for (const name of Object.keys(options)) {
    if (known.has(name)) continue;
    throw badOption(within + name, `not known here; there is ${[...known].join(', ')}`, code);
  }
}

export function badOption(
  field: string,
  reason: string,
  code: BadOptionCode = 'invalid_query',
): AllSourceError {
  return new AllSourceError(code, `${field}: ${reason}`, { details: [{ field, reason }] });
}

import { AllSourceError, pageEventsMax, parseTimestamp } from '../../domain/index.js';
import type { ArrowOptions, ColumnField } from '../../columnar/index.js';
import type { ReadOptions } from '../../eventStore/index.js';
import {
  type Exchange,
  type Reply,
  type Route,
  arrowType,
  jsonType,
  ndjsonType,
  parseQueryText,
  preferredType,
} from '../http/index.js';
import {
  type EventsQuery,
  documents,
  eventParams,
  eventsQuery,
  fieldPattern,
  paramsReader,
  queryReader,
  eventQuery,
  matchesOfText,
} from '../schemas/index.js';

const readEventsQuery = queryReader(eventsQuery);
const readEventQuery = queryReader(eventQuery);
const readEventParams = paramsReader(eventParams);

export const queryRoute: Route = {
  method: 'GET',
  pattern: '/api/v1/events/query',
  purpose: { kind: 'query', queryType: 'events' },
  operation: {
    id: 'queryEvents',
    summary:
      'Events that match all given conditions, by page, or as a stream of NDJSON or of Arrow',
    tag: 'events',
    query: eventsQuery,
    answers: {
      [jsonType]: documents.eventPage,
      [ndjsonType]: documents.storedEvent,
      [arrowType]: documents.arrowStream,
    },
    errors: ['invalid_query', 'events_dropped', 'unprocessable'],
  },
  handle: queryEvents,
};

export const eventRoute: Route = {
  method: 'GET',
  pattern: '/api/v1/events/:event_id',
  purpose: { kind: 'query', queryType: 'event' },
  operation: {
    id: 'getEvent',
    summary: 'One event by its id',
    tag: 'events',
    params: eventParams,
    query: eventQuery,
    answers: { [jsonType]: documents.storedEvent },
    errors: [
      'validation_error',
      'invalid_query',
      'event_not_found',
      'events_dropped',
      'unprocessable',
    ],
  },
  handle: getEvent,
};

/** As text, which may name times that a number of microseconds can't. */
export function optionalTime(text: string | undefined, field: string): string | undefined {
  if (text !== undefined) parseTimestamp(text, field);
  return text;
}

async function queryEvents(exchange: Exchange): Promise<Reply> {
  const query = readEventsQuery(parseQueryText(exchange.queryText));
  const options = readOptions(exchange, query);
  const { store } = exchange.runtime;
  const wanted = preferredType(exchange.request.headers.accept, [jsonType, ndjsonType, arrowType]);
  if (wanted !== arrowType) refuse(query, ['column', 'field'], `only with accept: ${arrowType}`);
  switch (wanted) {
    case arrowType: {
      const chunks = store.readArrow({
        ...arrowOptions(query, options),
        onRows: (rows) => (exchange.resultCount += rows),
      });
      return { status: 200, contentType: arrowType, chunks };
    }
    case ndjsonType: {
      const chunks = countLines(exchange, store.readNdjson(options));
      return { status: 200, contentType: ndjsonType, chunks };
    }
    default: {
      checkPageLimit(query.limit);
      const page = await store.readBytes(options);
      exchange.resultCount = page.count;
      return { status: 200, contentType: jsonType, body: page.bytes };
    }
  }
}

function readOptions(exchange: Exchange, query: EventsQuery): ReadOptions {
  return {
    tenantId: exchange.tenantOf(query.tenant_id),
    entityId: query.entity_id,
    eventType: query.event_type,
    eventTypePrefix: query.event_type_prefix,
    tags: query.tag,
    match: matchesOfText(query.match),
    since: optionalTime(query.since, 'since'),
    until: optionalTime(query.until, 'until'),
    asOf: optionalTime(query.as_of, 'as_of'),
    fromPosition: query.from_position,
    order: query.order,
    limit: query.limit,
    cursor: query.cursor,
    upcast: query.upcast,
  };
}

function arrowOptions(query: EventsQuery, options: ReadOptions): ArrowOptions {
  refuse(query, ['cursor', 'upcast'], `not with accept: ${arrowType}`);
  const { cursor: _, upcast: __, ...filter } = options;
  return { ...filter, columns: query.column, fields: fieldsOfTexts(query.field) };
}

/** `name=path:type`, or `path:type` where the path is the name. */
function fieldsOfTexts(texts: readonly string[] | undefined): ArrowOptions['fields'] {
  if (texts === undefined) return undefined;
  const entries = texts.map((text): [string, ColumnField] => {
    // The schema of the parameter has the same pattern.
    const [, name, path = '', type] = fieldPattern.exec(text) ?? [];
    return [name ?? path, { path, type: type as ColumnField['type'] }];
  });
  const names = entries.map(([name]) => name);
  const twice = names.find((name, at) => names.indexOf(name) < at);
  if (twice !== undefined) throw badParameter('field', `there are two columns named ${twice}`);
  return Object.fromEntries(entries);
}

function refuse(query: EventsQuery, names: readonly (keyof EventsQuery)[], reason: string): void {
  const given = names.find((name) => query[name] !== undefined);
  if (given !== undefined) throw badParameter(given, reason);
}

function badParameter(field: string, reason: string): AllSourceError {
  return new AllSourceError('invalid_query', `query parameter ${field}: ${reason}`, {
    details: [{ field, reason }],
  });
}

function checkPageLimit(limit: number | undefined): void {
  if (limit === undefined || limit <= pageEventsMax) return;
  throw badParameter(
    'limit',
    `expected at most ${pageEventsMax}; follow next_cursor, or accept ${ndjsonType}`,
  );
}

const newline = 0x0a;

async function* countLines(
  exchange: Exchange,
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    let end = chunk.indexOf(newline);
    for (; end >= 0; end = chunk.indexOf(newline, end + 1)) exchange.resultCount += 1;
    yield chunk;
  }
}

async function getEvent(exchange: Exchange): Promise<Reply> {
  const { event_id: eventId } = readEventParams(exchange.params);
  const { queryText, runtime } = exchange;
  const query = queryText === '' ? {} : readEventQuery(parseQueryText(queryText));
  const tenantId = exchange.tenantOf(query.tenant_id);
  const { upcast } = query;
  const id = eventId.toLowerCase();
  const { store } = runtime;
  const body =
    upcast === undefined
      ? store.wire.getEvent(id, tenantId)
      : await store.getEventBytes(id, { tenantId, upcast });
  if (body === undefined) {
    throw new AllSourceError('event_not_found', `no event has the id ${eventId}`);
  }
  exchange.resultCount = 1;
  return { status: 200, contentType: jsonType, body };
}

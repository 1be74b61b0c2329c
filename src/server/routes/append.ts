import { formatTimestamp, isStoreAdmin } from '../../domain/index.js';
import type {
  AppendResult,
  AppendTenant,
  BatchResult,
  Durability,
} from '../../eventStore/index.js';
import {
  type Exchange,
  type Reply,
  type Route,
  jsonType,
  ndjsonType,
  parseQueryText,
} from '../http/index.js';
import { batchQuery, documents, queryReader, tenantQuery } from '../schemas/index.js';

const readTenantQuery = queryReader(tenantQuery);
const readBatchQuery = queryReader(batchQuery);

const appendErrors = [
  'validation_error',
  'invalid_query',
  'invalid_json',
  'payload_schema_violation',
  'version_conflict',
  'append_condition_failed',
  'event_id_conflict',
  'events_dropped',
  'payload_too_large',
  'unsupported_media_type',
  'storage_unavailable',
  'append_outcome_unknown',
  'overloaded',
  'storage_full',
] as const;

export const appendRoute: Route = {
  method: 'POST',
  pattern: '/api/v1/events',
  purpose: { kind: 'ingest' },
  body: { mediaTypes: [jsonType], limit: 'event' },
  operation: {
    id: 'appendEvent',
    summary: 'Append one event; answered when it is durable',
    tag: 'events',
    query: tenantQuery,
    bodies: { [jsonType]: documents.newEvent },
    answers: { [jsonType]: documents.appendResult },
    errors: appendErrors,
  },
  handle: appendEvent,
};

export const appendBatchRoute: Route = {
  method: 'POST',
  pattern: '/api/v1/events/batch',
  purpose: { kind: 'ingest' },
  body: { mediaTypes: [jsonType, ndjsonType], limit: 'batch' },
  operation: {
    id: 'appendBatch',
    summary: 'Append many events as one: all of them or none',
    tag: 'events',
    query: batchQuery,
    bodies: { [jsonType]: documents.newBatch, [ndjsonType]: documents.newEvent },
    answers: { [jsonType]: documents.batchResult },
    errors: appendErrors,
  },
  handle: appendBatch,
};

/** Without `await`: at this rate each promise counts. */
function appendEvent(exchange: Exchange): Promise<Reply> {
  const { queryText, runtime } = exchange;
  const query = queryText === '' ? {} : readTenantQuery(parseQueryText(queryText));
  const { store } = runtime;
  return store.wire.append(exchange.body, appendTenant(exchange, query)).then((result) => ({
    status: 200,
    contentType: jsonType,
    body: `{${resultFields(result, formatTimestamp(result.timestamp))},${modeField(store)}}`,
  }));
}

async function appendBatch(exchange: Exchange): Promise<Reply> {
  const { queryText, runtime } = exchange;
  const query = queryText === '' ? {} : readBatchQuery(parseQueryText(queryText));
  const isNdjson = exchange.request.headers['content-type']?.toLowerCase().startsWith(ndjsonType);
  const mode = query.return ?? 'full';
  const result = await runtime.store.wire.appendBatch(exchange.body, {
    ...appendTenant(exchange, query),
    format: isNdjson === true ? 'ndjson' : 'json',
    return: mode,
  });
  const results = mode === 'full' ? `,"results":[${resultList(result)}]` : '';
  const body = `{${summaryFields(result)},${modeField(runtime.store)}${results}}`;
  return { status: 200, contentType: jsonType, body };
}

/** Events that name another tenant are refused, unless the caller may act for all. */
function appendTenant(
  exchange: Exchange,
  query: { readonly tenant_id?: string | undefined },
): AppendTenant {
  const tenantId = exchange.tenantOf(query.tenant_id);
  return { tenantId, isOnlyTenant: !isStoreAdmin(exchange.principal) };
}

function summaryFields({ ingested, firstPosition, lastPosition }: BatchResult): string {
  return `"ingested":${ingested},"first_position":${firstPosition},"last_position":${lastPosition}`;
}

/** The events of one append share a timestamp: its text is made once. */
function resultList({ results }: BatchResult): string {
  let micros = -1;
  let text = '';
  const list = results.map((result) => {
    if (result.timestamp !== micros) {
      micros = result.timestamp;
      text = formatTimestamp(micros);
    }
    return `{${resultFields(result, text)}}`;
  });
  return list.join(',');
}

/** By hand, because nothing in here needs escaping and `JSON.stringify` costs a microsecond. */
function resultFields(result: AppendResult, timestamp: string): string {
  return (
    `"event_id":"${result.eventId}","timestamp":"${timestamp}","version":${result.version},` +
    `"position":${result.position},"deduplicated":${result.deduplicated}`
  );
}

function modeField(store: { readonly durability: Durability }): string {
  return `"durability":"${store.durability}"`;
}

import { entityNotFound, formatTimestamp } from '../../../domain/index.js';
import type { ListOptions, StateOptions } from '../../../eventStore/index.js';
import {
  type Exchange,
  type Reply,
  type Route,
  jsonReply,
  jsonType,
  parseQueryText,
} from '../../http/index.js';
import {
  documents,
  entityParams,
  listQuery,
  paramsReader,
  queryReader,
  stateQuery,
  tenantQuery,
} from '../../schemas/index.js';
import { optionalTime } from '../query.js';

const readListQuery = queryReader(listQuery);
const readStateQuery = queryReader(stateQuery);
const readTenantQuery = queryReader(tenantQuery);
const readEntityParams = paramsReader(entityParams);

const entityErrors = [
  'validation_error',
  'invalid_query',
  'entity_not_found',
  'events_dropped',
  'unprocessable',
] as const;

export const entitiesRoute: Route = {
  method: 'GET',
  pattern: '/api/v1/entities',
  purpose: { kind: 'query', queryType: 'entities' },
  operation: {
    id: 'listEntities',
    summary: 'Entities, in the order in which they first appeared',
    tag: 'entities',
    query: listQuery,
    answers: { [jsonType]: documents.entityPage },
    errors: ['invalid_query'],
  },
  handle: listEntities,
};

export const eventTypesRoute: Route = {
  method: 'GET',
  pattern: '/api/v1/event-types',
  purpose: { kind: 'query', queryType: 'event_types' },
  operation: {
    id: 'listEventTypes',
    summary: 'Event types, in the order in which they first appeared',
    tag: 'events',
    query: listQuery,
    answers: { [jsonType]: documents.eventTypePage },
    errors: ['invalid_query'],
  },
  handle: listEventTypes,
};

export const stateRoute: Route = {
  method: 'GET',
  pattern: '/api/v1/entities/:entity_id/state',
  purpose: { kind: 'query', queryType: 'entity_state' },
  operation: {
    id: 'getEntityState',
    summary: 'The state of an entity, now or earlier, and its newest events',
    tag: 'entities',
    params: entityParams,
    query: stateQuery,
    answers: { [jsonType]: documents.entityState },
    errors: entityErrors,
  },
  handle: getState,
};

export const snapshotRoute: Route = {
  method: 'GET',
  pattern: '/api/v1/entities/:entity_id/snapshot',
  purpose: { kind: 'query', queryType: 'entity_snapshot' },
  operation: {
    id: 'getEntitySnapshot',
    summary: 'The state of an entity without its history',
    tag: 'entities',
    params: entityParams,
    query: tenantQuery,
    answers: { [jsonType]: documents.entitySnapshot },
    errors: entityErrors,
  },
  handle: getSnapshot,
};

async function listEntities(exchange: Exchange): Promise<Reply> {
  const page = await exchange.runtime.store.entities(listOptions(exchange));
  exchange.resultCount = page.entities.length;
  return jsonReply({
    entities: page.entities.map((entity) => ({
      entity_id: entity.entityId,
      event_count: entity.eventCount,
      current_version: entity.currentVersion,
      first_timestamp: formatTimestamp(entity.firstTimestamp),
      last_timestamp: formatTimestamp(entity.lastTimestamp),
    })),
    next_cursor: page.nextCursor,
  });
}

async function listEventTypes(exchange: Exchange): Promise<Reply> {
  const page = await exchange.runtime.store.eventTypes(listOptions(exchange));
  exchange.resultCount = page.eventTypes.length;
  return jsonReply({
    event_types: page.eventTypes.map((type) => ({
      event_type: type.eventType,
      event_count: type.eventCount,
      first_timestamp: formatTimestamp(type.firstTimestamp),
      last_timestamp: formatTimestamp(type.lastTimestamp),
    })),
    next_cursor: page.nextCursor,
  });
}

function listOptions(exchange: Exchange): ListOptions {
  const query = readListQuery(parseQueryText(exchange.queryText));
  return {
    tenantId: exchange.tenantOf(query.tenant_id),
    prefix: query.prefix,
    limit: query.limit,
    cursor: query.cursor,
  };
}

async function getState(exchange: Exchange): Promise<Reply> {
  const { queryText } = exchange;
  const query = queryText === '' ? {} : readStateQuery(parseQueryText(queryText));
  const body = await stateBytes(exchange, {
    tenantId: exchange.tenantOf(query.tenant_id),
    asOf: optionalTime(query.as_of, 'as_of'),
    version: query.version,
    merge: query.merge,
    historyLimit: query.history_limit,
  });
  return { status: 200, contentType: jsonType, body };
}

async function getSnapshot(exchange: Exchange): Promise<Reply> {
  const { tenant_id: tenantId } = readTenantQuery(parseQueryText(exchange.queryText));
  const options = { tenantId: exchange.tenantOf(tenantId), historyLimit: 0 };
  const document = await stateBytes(exchange, options);
  const body = Buffer.concat([
    Buffer.from(`{"entity_id":${JSON.stringify(exchange.params['entity_id'])},"snapshot":`),
    currentStateOf(document),
    Buffer.from(',"from_projection":"entity_snapshots"}'),
  ]);
  return { status: 200, contentType: jsonType, body };
}

async function stateBytes(exchange: Exchange, options: StateOptions): Promise<Buffer> {
  const { entity_id: entityId } = readEntityParams(exchange.params);
  const document = await exchange.runtime.store.wire.state(entityId, options);
  if (document === undefined) throw entityNotFound(entityId, options);
  exchange.resultCount = 1;
  return document;
}

/**
 * Cut out as bytes, so that numbers come back digit by digit as they were sent. Before it stand
 * only numbers and escaped text, and behind it only the empty history.
 */
function currentStateOf(document: Buffer): Buffer {
  const name = '"current_state":';
  const start = document.indexOf(name);
  const end = document.lastIndexOf(',"history":[]}');
  if (start < 0 || end < start) throw new Error('the engine wrote a state of another form');
  return document.subarray(start + name.length, end);
}

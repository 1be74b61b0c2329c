import type { ErrorCode } from '../../../domain/index.js';
import { snapshotDocument } from '../../../state/index.js';
import {
  type Exchange,
  type Reply,
  type Route,
  jsonReply,
  jsonType,
  parseQueryText,
} from '../../http/index.js';
import {
  entityParams,
  noQuery,
  paramsReader,
  queryReader,
  snapshots as schemas,
} from '../../schemas/index.js';
import {
  bodyErrors,
  bodyReader,
  controlRoute,
  queryErrors,
  tenantIn,
  writeErrors,
} from '../control.js';

const path = '/api/v1/snapshots';
const tag = 'snapshots';

const readNoQuery = queryReader(noQuery);
const readListQuery = queryReader(schemas.snapshotsQuery);
const readParams = paramsReader(entityParams);
const readNewSnapshot = bodyReader(schemas.newSnapshot);

const createErrors: readonly ErrorCode[] = [
  ...queryErrors,
  ...bodyErrors,
  ...writeErrors,
  'entity_not_found',
  'events_dropped',
  'unprocessable',
];

export const snapshotRoutes: readonly Route[] = [
  controlRoute({
    method: 'POST',
    pattern: path,
    id: 'createSnapshot',
    summary: 'Keep the state of an entity as it is now',
    tag,
    query: noQuery,
    request: schemas.newSnapshot,
    answer: schemas.createdSnapshot,
    errors: createErrors,
    handle: createSnapshot,
  }),
  controlRoute({
    method: 'GET',
    pattern: path,
    id: 'listSnapshots',
    summary: 'Snapshots of an entity or of all entities, newest first',
    tag,
    queryType: 'snapshots',
    query: schemas.snapshotsQuery,
    answer: schemas.snapshotPage,
    errors: ['invalid_query'],
    handle: listSnapshots,
  }),
  controlRoute({
    method: 'GET',
    pattern: `${path}/:entity_id/latest`,
    id: 'getLatestSnapshot',
    summary: 'The newest snapshot of an entity with its state',
    tag,
    queryType: 'snapshot',
    params: entityParams,
    answer: schemas.snapshot,
    errors: [...queryErrors, 'snapshot_not_found'],
    handle: latestSnapshot,
  }),
];

async function createSnapshot(exchange: Exchange): Promise<Reply> {
  readNoQuery(parseQueryText(exchange.queryText));
  const { entity_id: entityId, tenant_id: tenantId } = readNewSnapshot(exchange);
  const { snapshots } = exchange.runtime.store;
  const info = await snapshots.create(entityId, { tenantId: exchange.tenantOf(tenantId) });
  const { id, ...document } = snapshotDocument(info);
  return jsonReply({ snapshot_id: id, ...document });
}

async function listSnapshots(exchange: Exchange): Promise<Reply> {
  const query = readListQuery(parseQueryText(exchange.queryText));
  const page = await exchange.runtime.store.snapshots.list({
    tenantId: exchange.tenantOf(query.tenant_id),
    entityId: query.entity_id,
    limit: query.limit,
    cursor: query.cursor,
  });
  const snapshots = page.snapshots.map(snapshotDocument);
  exchange.resultCount = snapshots.length;
  return jsonReply({ snapshots, total: snapshots.length, next_cursor: page.nextCursor });
}

async function latestSnapshot(exchange: Exchange): Promise<Reply> {
  const { entity_id: entityId } = readParams(exchange.params);
  const { wire } = exchange.runtime.store.snapshots;
  const { info, state } = await wire.latest(entityId, { tenantId: tenantIn(exchange) });
  exchange.resultCount = 1;
  const head = JSON.stringify(snapshotDocument(info)).slice(0, -1);
  const text = [Buffer.from(`${head},"state":`), state, Buffer.from('}')];
  return { status: 200, contentType: jsonType, body: Buffer.concat(text) };
}

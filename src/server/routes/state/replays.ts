import type { ErrorCode } from '../../../domain/index.js';
import { type ReplayRequest, replayDocument } from '../../../replays/index.js';
import {
  type Exchange,
  type Reply,
  type Route,
  jsonReply,
  parseQueryText,
} from '../../http/index.js';
import {
  type NewReplay,
  noQuery,
  paramsReader,
  queryReader,
  replays as schemas,
} from '../../schemas/index.js';
import {
  bodyErrors,
  bodyReader,
  controlRoute,
  queryErrors,
  tenantIn,
  writeErrors,
} from '../control.js';

const path = '/api/v1/replay';
const onePath = `${path}/:replay_id`;
const tag = 'replay';

const readNoQuery = queryReader(noQuery);
const readParams = paramsReader(schemas.replayParams);
const readNewReplay = bodyReader(schemas.newReplay);

const params = schemas.replayParams;
const oneErrors: readonly ErrorCode[] = [...queryErrors, 'replay_not_found'];

export const replayRoutes: readonly Route[] = [
  controlRoute({
    method: 'POST',
    pattern: path,
    id: 'startReplay',
    summary: 'Build the states of projections anew from the log',
    tag,
    query: noQuery,
    request: schemas.newReplay,
    status: 201,
    answer: schemas.replay,
    errors: [
      ...queryErrors,
      ...bodyErrors,
      ...writeErrors,
      'projection_not_found',
      'projection_stopped',
      'replay_running',
      'unprocessable',
      'events_dropped',
    ],
    handle: startReplay,
  }),
  controlRoute({
    method: 'GET',
    pattern: path,
    id: 'listReplays',
    summary: 'Replays of a tenant, newest first',
    tag,
    answer: schemas.replayList,
    errors: ['invalid_query'],
    handle: listReplays,
  }),
  controlRoute({
    method: 'GET',
    pattern: onePath,
    id: 'getReplay',
    summary: 'How far a replay is',
    tag,
    params,
    answer: schemas.replay,
    errors: oneErrors,
    handle: getReplay,
  }),
  controlRoute({
    method: 'POST',
    pattern: `${onePath}/cancel`,
    id: 'cancelReplay',
    summary: 'End a replay; the states that were read before are read again',
    tag,
    params,
    answer: schemas.replay,
    errors: [...oneErrors, ...writeErrors],
    handle: cancelReplay,
  }),
  controlRoute({
    method: 'DELETE',
    pattern: onePath,
    id: 'deleteReplay',
    summary: 'Forget a replay that has ended',
    tag,
    params,
    answer: schemas.deletedReplay,
    errors: [...oneErrors, ...writeErrors, 'replay_running'],
    handle: deleteReplay,
  }),
];

async function startReplay(exchange: Exchange): Promise<Reply> {
  readNoQuery(parseQueryText(exchange.queryText));
  const request = requestOf(exchange, readNewReplay(exchange));
  const info = await exchange.runtime.store.replays.start(request);
  return { ...jsonReply(replayDocument(info)), status: 201 };
}

async function listReplays(exchange: Exchange): Promise<Reply> {
  const infos = await exchange.runtime.store.replays.list({ tenantId: tenantIn(exchange) });
  return jsonReply({ replays: infos.map(replayDocument), total: infos.length });
}

async function getReplay(exchange: Exchange): Promise<Reply> {
  const { replay_id: id } = readParams(exchange.params);
  const options = { tenantId: tenantIn(exchange) };
  return jsonReply(replayDocument(await exchange.runtime.store.replays.get(id, options)));
}

async function cancelReplay(exchange: Exchange): Promise<Reply> {
  const { replay_id: id } = readParams(exchange.params);
  const options = { tenantId: tenantIn(exchange) };
  return jsonReply(replayDocument(await exchange.runtime.store.replays.cancel(id, options)));
}

async function deleteReplay(exchange: Exchange): Promise<Reply> {
  const { replay_id: id } = readParams(exchange.params);
  await exchange.runtime.store.replays.delete(id, { tenantId: tenantIn(exchange) });
  return jsonReply({ replay_id: id, deleted: true });
}

function requestOf(exchange: Exchange, wanted: NewReplay): ReplayRequest {
  const { config } = wanted;
  return {
    tenantId: exchange.tenantOf(wanted.tenant_id),
    projectionName: wanted.projection_name ?? undefined,
    fromTimestamp: wanted.from_timestamp ?? undefined,
    toTimestamp: wanted.to_timestamp ?? undefined,
    entityId: wanted.entity_id ?? undefined,
    eventType: wanted.event_type ?? undefined,
    mode: wanted.mode,
    config: config && {
      batchSize: config.batch_size,
      parallel: config.parallel,
      workers: config.workers,
      partitions: config.partitions,
      emitProgress: config.emit_progress,
      progressInterval: config.progress_interval,
    },
  };
}

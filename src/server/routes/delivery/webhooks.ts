import { type ErrorCode, pageEventsDefault } from '../../../domain/index.js';
import {
  type Exchange,
  type Reply,
  type Route,
  jsonReply,
  noContent,
  parseQueryText,
} from '../../http/index.js';
import {
  type NewWebhook,
  type WebhookDocument,
  consumers,
  noQuery,
  paramsReader,
  queryReader,
  webhooks as schemas,
} from '../../schemas/index.js';
import {
  type WebhookInfo,
  type WebhookOptions,
  deliveryDocument,
  webhookDocument,
} from '../../../webhooks/index.js';
import {
  bodyErrors,
  bodyReader,
  controlRoute,
  filterOf,
  fromOf,
  queryErrors,
  tenantIn,
  writeErrors,
} from '../control.js';
import { deadLettersReply } from './deadLetters.js';

const path = '/api/v1/webhooks';
const onePath = `${path}/:name`;
const tag = 'webhooks';

const toDocument: (info: WebhookInfo) => WebhookDocument = webhookDocument;

const readNoQuery = queryReader(noQuery);
const readDeliveriesQuery = queryReader(schemas.deliveriesQuery);
const readDeadLettersQuery = queryReader(consumers.deadLettersQuery);
const readParams = paramsReader(schemas.webhookParams);
const readNewWebhook = bodyReader(schemas.newWebhook);
const readSeek = bodyReader(consumers.seekRequest);
const readReplay = bodyReader(consumers.replayRequest);

const oneErrors: readonly ErrorCode[] = [...queryErrors, 'webhook_not_found'];
const params = schemas.webhookParams;

export const webhookRoutes: readonly Route[] = [
  controlRoute({
    method: 'POST',
    pattern: path,
    id: 'createWebhook',
    summary: 'Post events to a URL from now on; the secret is told this once',
    tag,
    query: noQuery,
    request: schemas.newWebhook,
    status: 201,
    answer: schemas.createdWebhook,
    errors: [...queryErrors, ...bodyErrors, ...writeErrors, 'webhook_exists'],
    handle: createWebhook,
  }),
  controlRoute({
    method: 'GET',
    pattern: path,
    id: 'listWebhooks',
    summary: 'Webhooks of a tenant by name',
    tag,
    answer: schemas.webhookList,
    errors: ['invalid_query'],
    handle: listWebhooks,
  }),
  controlRoute({
    method: 'GET',
    pattern: onePath,
    id: 'getWebhook',
    summary: 'One webhook',
    tag,
    params,
    answer: schemas.webhook,
    errors: oneErrors,
    handle: (exchange) => answerInfo(exchange, 'get'),
  }),
  controlRoute({
    method: 'DELETE',
    pattern: onePath,
    id: 'deleteWebhook',
    summary: 'Delete a webhook',
    tag,
    params,
    errors: [...oneErrors, ...writeErrors, 'unprocessable'],
    handle: deleteWebhook,
  }),
  controlRoute({
    method: 'POST',
    pattern: `${onePath}/pause`,
    id: 'pauseWebhook',
    summary: 'Post nothing until it is resumed',
    tag,
    params,
    answer: schemas.webhook,
    errors: [...oneErrors, ...writeErrors],
    handle: (exchange) => answerInfo(exchange, 'pause'),
  }),
  controlRoute({
    method: 'POST',
    pattern: `${onePath}/resume`,
    id: 'resumeWebhook',
    summary: 'Go on where it was paused',
    tag,
    params,
    answer: schemas.webhook,
    errors: [...oneErrors, ...writeErrors],
    handle: (exchange) => answerInfo(exchange, 'resume'),
  }),
  controlRoute({
    method: 'POST',
    pattern: `${onePath}/seek`,
    id: 'seekWebhook',
    summary: 'Go on from another place, forwards or backwards',
    tag,
    params,
    request: consumers.seekRequest,
    answer: schemas.webhook,
    errors: [...oneErrors, ...bodyErrors, ...writeErrors],
    handle: seekWebhook,
  }),
  controlRoute({
    method: 'GET',
    pattern: `${onePath}/deliveries`,
    id: 'listWebhookDeliveries',
    summary: 'The last attempts since the store was opened, newest first',
    tag,
    params,
    query: schemas.deliveriesQuery,
    answer: schemas.webhookDeliveries,
    errors: oneErrors,
    handle: listDeliveries,
  }),
  controlRoute({
    method: 'GET',
    pattern: `${onePath}/dead-letters`,
    id: 'listWebhookDeadLetters',
    summary: 'Events that the receiver never took, by position',
    tag,
    params,
    query: consumers.deadLettersQuery,
    answer: consumers.deadLetters,
    errors: oneErrors,
    handle: listDeadLetters,
  }),
  controlRoute({
    method: 'POST',
    pattern: `${onePath}/replay`,
    id: 'replayWebhook',
    summary: 'Post dead letters again, all of them or some',
    tag,
    params,
    request: consumers.replayRequest,
    answer: consumers.replayed,
    errors: [
      ...oneErrors,
      ...bodyErrors,
      ...writeErrors,
      'dead_letter_not_found',
      'events_dropped',
    ],
    handle: replayWebhook,
  }),
];

async function createWebhook(exchange: Exchange): Promise<Reply> {
  readNoQuery(parseQueryText(exchange.queryText));
  const options = toOptions(exchange, readNewWebhook(exchange));
  const { secret, ...info } = await exchange.runtime.store.webhooks.create(options);
  return { ...jsonReply({ ...toDocument(info), secret }), status: 201 };
}

async function listWebhooks(exchange: Exchange): Promise<Reply> {
  const infos = await exchange.runtime.store.webhooks.list({ tenantId: tenantIn(exchange) });
  return jsonReply({ webhooks: infos.map(toDocument), total: infos.length });
}

async function answerInfo(exchange: Exchange, call: 'get' | 'pause' | 'resume'): Promise<Reply> {
  const { name } = readParams(exchange.params);
  const { webhooks } = exchange.runtime.store;
  return jsonReply(toDocument(await webhooks[call](name, { tenantId: tenantIn(exchange) })));
}

async function deleteWebhook(exchange: Exchange): Promise<Reply> {
  const { name } = readParams(exchange.params);
  await exchange.runtime.store.webhooks.delete(name, { tenantId: tenantIn(exchange) });
  return noContent;
}

async function seekWebhook(exchange: Exchange): Promise<Reply> {
  const { name } = readParams(exchange.params);
  const { to } = readSeek(exchange);
  const options = { tenantId: tenantIn(exchange) };
  return jsonReply(
    toDocument(await exchange.runtime.store.webhooks.seek(name, fromOf(to), options)),
  );
}

async function listDeliveries(exchange: Exchange): Promise<Reply> {
  const { name } = readParams(exchange.params);
  const query = readDeliveriesQuery(parseQueryText(exchange.queryText));
  const tenantId = exchange.tenantOf(query.tenant_id);
  const all = await exchange.runtime.store.webhooks.deliveries(name, { tenantId });
  const deliveries = all.slice(0, query.limit ?? pageEventsDefault).map(deliveryDocument);
  return jsonReply({ deliveries });
}

async function listDeadLetters(exchange: Exchange): Promise<Reply> {
  const { name } = readParams(exchange.params);
  const query = readDeadLettersQuery(parseQueryText(exchange.queryText));
  const options = { tenantId: exchange.tenantOf(query.tenant_id) };
  const { webhooks } = exchange.runtime.store;
  const textsOf = (positions: readonly number[]) =>
    webhooks.textsOf(name, { ...options, positions });
  return deadLettersReply(await webhooks.deadLetters(name, options), { query, textsOf });
}

async function replayWebhook(exchange: Exchange): Promise<Reply> {
  const { name } = readParams(exchange.params);
  const { positions } = readReplay(exchange);
  const options = { tenantId: tenantIn(exchange), positions };
  return jsonReply({ replayed: await exchange.runtime.store.webhooks.replay(name, options) });
}

function toOptions(exchange: Exchange, wanted: NewWebhook): WebhookOptions {
  const { timeout_seconds: timeout } = wanted;
  return {
    name: wanted.name,
    url: wanted.url,
    tenantId: exchange.tenantOf(wanted.tenant_id),
    filter: filterOf(wanted.filter ?? {}),
    from: fromOf(wanted.start ?? 'now'),
    secret: wanted.secret ?? undefined,
    timeoutMs: timeout === undefined ? undefined : Math.round(timeout * 1000),
    pauseAfter: wanted.pause_after,
    maxAttempts: wanted.max_attempts,
  };
}

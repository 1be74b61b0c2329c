import {
  type ConsumerInfo,
  type ConsumerOptions,
  type EmbeddedConsumer,
  consumerDocument,
} from '../../../consumers/index.js';
import { pageEventsDefault } from '../../../domain/index.js';
import type { ErrorCode } from '../../../domain/index.js';
import {
  type Exchange,
  type Reply,
  type Route,
  jsonReply,
  jsonType,
  noContent,
  parseQueryText,
} from '../../http/index.js';
import {
  type ConsumerDocument,
  type NewConsumer,
  consumers as schemas,
  noQuery,
  paramsReader,
  queryReader,
} from '../../schemas/index.js';
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

const path = '/api/v1/consumers';
const onePath = `${path}/:name`;
const tag = 'consumers';
const defaultMember = 'default';

const toDocument: (info: ConsumerInfo) => ConsumerDocument = consumerDocument;

const readNoQuery = queryReader(noQuery);
const readPullQuery = queryReader(schemas.pullQuery);
const readDeadLettersQuery = queryReader(schemas.deadLettersQuery);
const readConsumerParams = paramsReader(schemas.consumerParams);
const readMemberParams = paramsReader(schemas.memberParams);

const oneErrors: readonly ErrorCode[] = [...queryErrors, 'consumer_not_found'];

export const consumerRoutes: readonly Route[] = [
  controlRoute({
    method: 'POST',
    pattern: path,
    id: 'createConsumer',
    summary: 'Make a consumer; one that is there with the same options is given back',
    tag,
    query: noQuery,
    request: schemas.newConsumer,
    status: 201,
    answer: schemas.consumer,
    errors: [...queryErrors, ...bodyErrors, ...writeErrors, 'consumer_exists'],
    handle: createConsumer,
  }),
  controlRoute({
    method: 'GET',
    pattern: path,
    id: 'listConsumers',
    summary: 'Consumers of a tenant by name, with their members and lag',
    tag,
    answer: schemas.consumerList,
    errors: ['invalid_query'],
    handle: listConsumers,
  }),
  controlRoute({
    method: 'GET',
    pattern: onePath,
    id: 'getConsumer',
    summary: 'One consumer',
    tag,
    params: schemas.consumerParams,
    answer: schemas.consumer,
    errors: oneErrors,
    handle: async (exchange) => jsonReply(toDocument(await (await consumerOf(exchange)).info())),
  }),
  controlRoute({
    method: 'DELETE',
    pattern: onePath,
    id: 'deleteConsumer',
    summary: 'Delete a consumer, its cursors and dead letters',
    tag,
    params: schemas.consumerParams,
    errors: [...oneErrors, ...writeErrors],
    handle: deleteConsumer,
  }),
  controlRoute({
    method: 'GET',
    pattern: `${onePath}/events`,
    id: 'pullEvents',
    summary: 'Events for a member, which joins by asking; waits for some',
    tag,
    queryType: 'consumer',
    params: schemas.consumerParams,
    query: schemas.pullQuery,
    answer: schemas.deliveries,
    errors: [...oneErrors, 'events_dropped', 'storage_unavailable'],
    handle: pullEvents,
  }),
  controlRoute({
    method: 'POST',
    pattern: `${onePath}/ack`,
    id: 'ackEvents',
    summary: 'Events are done: they do not come again',
    tag,
    params: schemas.consumerParams,
    request: schemas.acknowledgement,
    answer: schemas.acknowledged,
    errors: [...oneErrors, ...bodyErrors, ...writeErrors, 'events_dropped'],
    handle: ackEvents,
  }),
  controlRoute({
    method: 'POST',
    pattern: `${onePath}/nack`,
    id: 'nackEvents',
    summary: 'Events failed: they come again, or become dead letters',
    tag,
    params: schemas.consumerParams,
    request: schemas.refusal,
    answer: schemas.acknowledged,
    errors: [...oneErrors, ...bodyErrors, 'events_dropped', 'storage_unavailable'],
    handle: nackEvents,
  }),
  controlRoute({
    method: 'POST',
    pattern: `${onePath}/seek`,
    id: 'seekConsumer',
    summary: 'Go on from another place, forwards or backwards',
    tag,
    params: schemas.consumerParams,
    request: schemas.seekRequest,
    answer: schemas.consumer,
    errors: [...oneErrors, ...bodyErrors, ...writeErrors],
    handle: seekConsumer,
  }),
  controlRoute({
    method: 'GET',
    pattern: `${onePath}/dead-letters`,
    id: 'listDeadLetters',
    summary: 'Events that could not be handled, by position',
    tag,
    params: schemas.consumerParams,
    query: schemas.deadLettersQuery,
    answer: schemas.deadLetters,
    errors: oneErrors,
    handle: listDeadLetters,
  }),
  controlRoute({
    method: 'POST',
    pattern: `${onePath}/dead-letters/replay`,
    id: 'replayDeadLetters',
    summary: 'Deliver dead letters again, all of them or some',
    tag,
    params: schemas.consumerParams,
    request: schemas.replayRequest,
    answer: schemas.replayed,
    errors: [
      ...oneErrors,
      ...bodyErrors,
      ...writeErrors,
      'dead_letter_not_found',
      'events_dropped',
    ],
    handle: replayDeadLetters,
  }),
  controlRoute({
    method: 'DELETE',
    pattern: `${onePath}/members/:member`,
    id: 'leaveConsumer',
    summary: 'A member leaves: what it holds goes to the others at once',
    tag,
    params: schemas.memberParams,
    errors: oneErrors,
    handle: leaveConsumer,
  }),
];

const readNewConsumer = bodyReader(schemas.newConsumer);
const readAcknowledgement = bodyReader(schemas.acknowledgement);
const readRefusal = bodyReader(schemas.refusal);
const readSeek = bodyReader(schemas.seekRequest);
const readReplay = bodyReader(schemas.replayRequest);

async function createConsumer(exchange: Exchange): Promise<Reply> {
  readNoQuery(parseQueryText(exchange.queryText));
  const options = toOptions(exchange, readNewConsumer(exchange));
  const info = await exchange.runtime.store.consumers.create(options);
  return { ...jsonReply(toDocument(info)), status: 201 };
}

async function listConsumers(exchange: Exchange): Promise<Reply> {
  const tenantId = tenantIn(exchange);
  const infos = await exchange.runtime.store.consumers.list({ tenantId });
  return jsonReply({ consumers: infos.map(toDocument), total: infos.length });
}

async function deleteConsumer(exchange: Exchange): Promise<Reply> {
  const { name } = readConsumerParams(exchange.params);
  await exchange.runtime.store.consumers.delete(name, { tenantId: tenantIn(exchange) });
  return noContent;
}

async function pullEvents(exchange: Exchange): Promise<Reply> {
  const query = readPullQuery(parseQueryText(exchange.queryText));
  const consumer = await consumerNamed(exchange, query.tenant_id);
  // A server that stops does not wait for those who wait.
  const stop = new AbortController();
  const end = (): void => stop.abort();
  const recheck = (): void => {
    if (exchange.session?.isValid() === false) end();
  };
  const poll = { ping: () => undefined, recheck, end, cut: end };
  exchange.runtime.streams.add(poll);
  try {
    const deliveries = await consumer.wire.pull({
      member: query.member ?? defaultMember,
      limit: query.limit ?? pageEventsDefault,
      waitMs: (query.wait_seconds ?? 0) * 1000,
      signal: AbortSignal.any([exchange.signal, stop.signal]),
    });
    exchange.resultCount = deliveries.length;
    const answer = `{"deliveries":[${deliveries.join(',')}],"count":${deliveries.length}}`;
    return { status: 200, contentType: jsonType, body: answer };
  } finally {
    exchange.runtime.streams.delete(poll);
  }
}

async function ackEvents(exchange: Exchange): Promise<Reply> {
  const consumer = await consumerOf(exchange);
  const { member = defaultMember, positions } = readAcknowledgement(exchange);
  return jsonReply(await consumer.ack(member, positions));
}

async function nackEvents(exchange: Exchange): Promise<Reply> {
  const consumer = await consumerOf(exchange);
  const { member = defaultMember, positions, reason, delay_seconds: delay } = readRefusal(exchange);
  return jsonReply(
    await consumer.nack(member, positions, {
      reason: reason ?? schemas.usualReason,
      delayMs: delay === undefined ? undefined : delay * 1000,
    }),
  );
}

async function seekConsumer(exchange: Exchange): Promise<Reply> {
  const { name } = readConsumerParams(exchange.params);
  const { to } = readSeek(exchange);
  const options = { tenantId: tenantIn(exchange) };
  return jsonReply(
    toDocument(await exchange.runtime.store.consumers.seek(name, fromOf(to), options)),
  );
}

async function listDeadLetters(exchange: Exchange): Promise<Reply> {
  const query = readDeadLettersQuery(parseQueryText(exchange.queryText));
  const consumer = await consumerNamed(exchange, query.tenant_id);
  const letters = await consumer.deadLetters();
  return deadLettersReply(letters, { query, textsOf: (page) => consumer.wire.textsOf(page) });
}

async function replayDeadLetters(exchange: Exchange): Promise<Reply> {
  const consumer = await consumerOf(exchange);
  const { positions } = readReplay(exchange);
  return jsonReply({ replayed: await consumer.replayDeadLetters(positions) });
}

async function leaveConsumer(exchange: Exchange): Promise<Reply> {
  const { member } = readMemberParams(exchange.params);
  await (await consumerOf(exchange)).leave(member);
  return noContent;
}

function consumerOf(exchange: Exchange): Promise<EmbeddedConsumer> {
  return consumerNamed(exchange, tenantIn(exchange));
}

function consumerNamed(exchange: Exchange, named?: string | null): Promise<EmbeddedConsumer> {
  const tenantId = exchange.tenantOf(named);
  const { name } = readConsumerParams(exchange.params);
  return exchange.runtime.store.consumers.get(name, { tenantId });
}

function toOptions(exchange: Exchange, wanted: NewConsumer): ConsumerOptions {
  const { ack_timeout_seconds: ackTimeout } = wanted;
  return {
    name: wanted.name,
    tenantId: exchange.tenantOf(wanted.tenant_id),
    filter: filterOf(wanted.filter ?? {}),
    from: fromOf(wanted.start ?? 'beginning'),
    maxInFlight: wanted.max_in_flight,
    ackTimeoutMs: ackTimeout === undefined ? undefined : Math.round(ackTimeout * 1000),
    maxAttempts: wanted.max_attempts,
  };
}

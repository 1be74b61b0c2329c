import { describe, expect, it } from 'vitest';
import { answerCheck } from './documentedAnswers.js';
import { SseClient, WebSocketClient } from './streamClients.js';
import { until } from '../projections/support.js';
import {
  type Target,
  append,
  appendLines,
  bodyOf,
  call,
  eventually,
  json,
  lines,
  socketBytesMax,
  startExpress,
  startListening,
} from './support.js';

const accept = 'text/event-stream';
const streamPath = '/api/v1/events/stream';

interface Message {
  readonly topic: string;
  readonly value: { readonly n: number };
  readonly position: number;
}

/** A pipeline that sends each event to the topic `orders`. */
async function makeTopic(target: Target, tenantId = 'default'): Promise<void> {
  const output = { type: 'topic', name: 'orders' };
  const pipeline = { id: 'all', name: 'all', tenant_id: tenantId, operators: [], output };
  const body = JSON.stringify(pipeline);
  const answer = await call(target, { path: '/api/v1/pipelines', headers: json, body });
  expect(answer.status, answer.text).toBe(200);
}

/** Resolves once all that was appended has come out. */
async function outcome({ store }: Target, count: number): Promise<void> {
  await until(async () => (await store.pipelines.get('all')).statistics.emitted === count);
}

function messagesIn(client: WebSocketClient): Message[] {
  const frames = client.frames as unknown as readonly {
    readonly message?: Message;
    readonly messages?: readonly Message[];
  }[];
  return frames.flatMap(({ message, messages = [] }) => (message ? [message] : messages));
}

const numbersIn = (messages: readonly Message[]): number[] => messages.map(({ value }) => value.n);
const messageOf = ({ data }: { readonly data?: string }) => JSON.parse(data ?? '') as Message;
const count = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe.each([
  ['listen', startListening],
  ['createApp', startExpress],
])('messages of a topic as server-sent events of %s', (_name, start) => {
  it('come once and in order, and go on behind Last-Event-ID', async () => {
    const target = await start();
    const check = await answerCheck(target);
    await makeTopic(target);
    const ordered = (batch: number) => lines(10, { first: batch * 10 });
    for (let batch = 0; batch < 3; batch += 1) await appendLines(target, ordered(batch));
    const query = '?topic=orders&from_position=1';
    const client = await SseClient.open(target, { query });
    for (let batch = 3; batch < 6; batch += 1) await appendLines(target, ordered(batch));
    await client.received(61);
    const [subscribed, ...events] = client.events;
    expect(subscribed).toMatchObject({ event: 'subscribed' });
    expect(numbersIn(events.map(messageOf))).toEqual(count(0, 59));
    for (const event of events) {
      const message = messageOf(event);
      const text = event.data ?? '';
      const answer = { status: 200, headers: {}, rawHeaders: [], text };
      expect(check('TopicMessage', answer)).toMatchObject({ topic: 'orders', pipeline: 'all' });
      expect(Number(event.id)).toBe(message.position);
    }
    const headers = { 'last-event-id': events[24]?.id ?? '' };
    const resumed = await SseClient.open(target, { query, headers });
    await resumed.received(1 + 35);
    expect(resumed.events.slice(1)).toEqual(events.slice(25));
  });

  it('are of one tenant', async () => {
    const target = await start();
    await makeTopic(target);
    await makeTopic(target, 'acme');
    await append(target, { payload: { n: 1 } });
    await append(target, { payload: { n: 2 }, tenant_id: 'acme' });
    for (const [tenant, wanted] of [
      ['default', 1],
      ['acme', 2],
    ] as const) {
      const query = `?topic=orders&from_position=1&tenant_id=${tenant}`;
      const client = await SseClient.open(target, { query });
      await client.received(2);
      expect(numbersIn(client.events.slice(1).map(messageOf))).toEqual([wanted]);
    }
    // They are nobody's events.
    for (const tenant of ['default', 'acme']) {
      const answer = await call(target, { path: `/api/v1/events/query?tenant_id=${tenant}` });
      expect(bodyOf(answer)['count']).toBe(1);
    }
  });

  it.each([
    'topic=',
    'topic=a%20b',
    'topic=a/b',
    'topic=a&topic=b',
    `topic=${'x'.repeat(65)}`,
    'topic=a&entity_id=b',
    'topic=a&event_type=b.c',
    'topic=a&tag=b',
    'topic=a&tenant_id=$topics/default',
    'topic=a&from_timestamp=yesterday',
  ])('are refused with %s', async (queryText) => {
    const target = await start();
    const answer = await call(target, { path: `${streamPath}?${queryText}`, headers: { accept } });
    expect(bodyOf(answer)).toMatchObject({ code: 'invalid_query' });
  });

  it('wait for a reader that stops', async () => {
    const target = await start();
    await makeTopic(target);
    const readBytes = countTopicBytes(target);
    const client = await SseClient.open(target, { query: '?topic=orders&from_position=1' });
    await client.received(1);
    client.response.pause();
    const filler = 'x'.repeat(4_000);
    for (let batch = 0; batch < 12; batch += 1) {
      await appendLines(target, lines(400, { filler, first: batch * 400 }));
    }
    await outcome(target, 4_800);
    expect(readBytes()).toBeLessThan(socketBytesMax);
    client.response.resume();
    await client.received(4_801);
    expect(numbersIn(client.events.slice(1).map(messageOf))).toEqual(count(0, 4_799));
    expect(readBytes()).toBeGreaterThan(socketBytesMax);
  });
});

/** Counts the bytes of messages that followers have read. */
function countTopicBytes({ store }: Target): () => number {
  const { wire } = store.pipelines;
  const follow = wire.follow;
  let bytes = 0;
  const counted: typeof follow = (...args) => {
    const follower = follow(...args);
    return {
      next: async (messagesMax) => {
        const delivery = await follower.next(messagesMax);
        bytes += delivery?.chunk?.bytes.length ?? 0;
        return delivery;
      },
    };
  };
  Object.defineProperty(wire, 'follow', { value: counted });
  return () => bytes;
}

describe('messages of a topic over a WebSocket', () => {
  it('come one by one, with marks, from a position on and live', async () => {
    const target = await startListening();
    await makeTopic(target);
    await appendLines(target, lines(20));
    await outcome(target, 20);
    const client = await WebSocketClient.open(target);
    client.send({ type: 'subscribe', topic: 'orders', from_position: 1 });
    await client.received(21);
    await eventually(() => client.marks.length > 0 || undefined);
    await append(target, { payload: { n: 20 } });
    await client.received(22);
    const types = client.frames.map(({ type }) => type);
    expect(types).toEqual(['subscribed', ...Array<string>(21).fill('message')]);
    expect(client.marks[0]).toMatchObject({ type: 'caught_up' });
    expect(numbersIn(messagesIn(client))).toEqual(count(0, 20));
    const from = messagesIn(client)[9]?.position ?? 0;
    const resumed = await WebSocketClient.open(target, `?topic=orders&from_position=${from + 1}`);
    await resumed.received(12);
    expect(messagesIn(resumed)).toEqual(messagesIn(client).slice(10));
  });

  it('come in batches, as far as there is credit', async () => {
    const target = await startListening();
    await makeTopic(target);
    await appendLines(target, lines(100));
    await outcome(target, 100);
    // What came out is counted before it is durable.
    const before = await WebSocketClient.open(target, '?topic=orders&from_position=1');
    await before.received(101);
    const client = await WebSocketClient.open(target);
    const wanted = { type: 'subscribe', topic: 'orders', from_position: 1, batch: true };
    client.send({ ...wanted, credit: 10 });
    await eventually(() => messagesIn(client).length === 10 || undefined);
    client.send({ type: 'credit', events: 7 });
    await eventually(() => messagesIn(client).length === 17 || undefined);
    const others = await WebSocketClient.open(target, '?topic=orders&from_position=1');
    await others.received(101);
    expect(messagesIn(client)).toHaveLength(17);
    client.send({ type: 'credit', events: 1_000 });
    await eventually(() => messagesIn(client).length === 100 || undefined);
    expect(numbersIn(messagesIn(client))).toEqual(count(0, 99));
    expect(client.frames.slice(1).every(({ type }) => type === 'messages')).toBe(true);
    expect(client.frames.at(-1)).toMatchObject({ mark: 'caught_up' });
  });

  it('take the place of events, and give it back', async () => {
    const target = await startListening();
    await makeTopic(target);
    await append(target, { payload: { n: 7 } });
    await outcome(target, 1);
    const client = await WebSocketClient.open(target, '?from_position=1');
    await client.received(2);
    client.send({ type: 'subscribe', topic: 'orders', from_position: 1 });
    await client.received(4);
    client.send({ type: 'subscribe', topic: null, from_position: 1 });
    await client.received(6);
    const [event, message] = [
      ['subscribed', 'event'],
      ['subscribed', 'message'],
    ];
    const types = client.frames.map(({ type }) => type);
    expect(types).toEqual([...event, ...message, ...event]);
  });

  it.each([
    ['{"topic":"orders"}', 'validation_error'],
    ['{"type":"subscribe","topic":"a b"}', 'validation_error'],
    ['{"type":"subscribe","topic":5}', 'validation_error'],
    ['{"type":"subscribe","topic":""}', 'validation_error'],
    ['{"type":"subscribe","topic":"a","entity_id":"b"}', 'invalid_query'],
    ['{"type":"subscribe","topic":"a","match":{"tags":["b"]}}', 'invalid_query'],
    ['{"type":"subscribe","topic":"a","tags":["b"]}', 'invalid_query'],
  ])('are refused by the frame %s, and the connection stays', async (frame, code) => {
    const target = await startListening();
    await makeTopic(target);
    const client = await WebSocketClient.open(target);
    client.send(frame);
    await client.received(1);
    expect(client.frames[0]).toMatchObject({ type: 'error', code });
    client.send({ type: 'subscribe', topic: 'orders' });
    await client.received(2);
    await append(target, { payload: { n: 1 } });
    await client.received(3);
    expect(client.frames[2]).toMatchObject({ type: 'message' });
  });

  it('wait for a reader that stops', async () => {
    const target = await startListening({ streamBufferBytesMax: 256 * 1024 });
    await makeTopic(target);
    const readBytes = countTopicBytes(target);
    const client = await WebSocketClient.open(target, '?topic=orders&from_position=1');
    await client.received(1);
    client.socket.pause();
    const filler = 'x'.repeat(4_000);
    for (let batch = 0; batch < 12; batch += 1) {
      await appendLines(target, lines(400, { filler, first: batch * 400 }));
    }
    await outcome(target, 4_800);
    expect(readBytes()).toBeLessThan(socketBytesMax);
    client.socket.resume();
    await client.received(4_801);
    expect(numbersIn(messagesIn(client))).toEqual(count(0, 4_799));
    expect(readBytes()).toBeGreaterThan(socketBytesMax);
  });
});

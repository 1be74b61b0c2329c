import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { SseClient, WebSocketClient, type Frame } from './streamClients.js';
import { append, bodyOf, call, startListening } from './support.js';
import type { Target } from './support.js';

const path = '/api/v1/events/stream';
const eventType = 'order.placed';
const mapping = {
  eventType,
  fromVersion: 1,
  operations: [{ op: 'rename', from: 'client', to: 'customer' }],
} as const;
const query = '?from_position=1&upcast=latest';

/** An event of version 1, and one that has no upcaster. */
async function startEvolved(): Promise<Target> {
  const target = await startListening();
  const { schemas } = target.store;
  await schemas.addUpcaster(mapping);
  await append(target, { event_type: eventType, payload: { client: 'c-1' } });
  await append(target, { event_type: 'note.added', payload: { client: 'c-2' } });
  return target;
}

const upcast = [{ customer: 'c-1' }, { client: 'c-2' }];
const payloadOf = (event: unknown): unknown => (event as { payload: unknown }).payload;

describe('streams of upcast events', () => {
  it('are asked for by a parameter of the URL', async () => {
    const target = await startEvolved();
    const socket = await WebSocketClient.open(target, query);
    await socket.received(3);
    expect(socket.frames.slice(1).map(({ event }) => payloadOf(event))).toEqual(upcast);
    const sse = await SseClient.open(target, { query });
    await sse.received(3);
    const events = sse.events.slice(1).map(({ data }) => JSON.parse(data ?? '') as unknown);
    expect(events.map(payloadOf)).toEqual(upcast);
    await append(target, { event_type: eventType, payload: { client: 'c-3' } });
    await sse.received(4);
    expect(payloadOf(JSON.parse(sse.events[3]?.data ?? ''))).toEqual({ customer: 'c-3' });
  });

  it('are asked for by a frame, until the next one', async () => {
    const target = await startEvolved();
    const socket = await WebSocketClient.open(target);
    const subscribe = { type: 'subscribe', from_position: 1, batch: true };
    const payloadsOf = (frame: Frame | undefined) => frame?.events?.map(payloadOf);
    socket.send({ ...subscribe, upcast: 'latest' });
    await socket.received(2);
    expect(payloadsOf(socket.frames[1])).toEqual(upcast);
    socket.send({ ...subscribe, upcast: null });
    await socket.received(4);
    expect(payloadsOf(socket.frames[3])).toEqual([{ client: 'c-1' }, { client: 'c-2' }]);
  });

  it('are refused where they are asked for by another word, or of a topic', async () => {
    const target = await startListening();
    const headers = { accept: 'text/event-stream' };
    for (const [wrong, field] of [
      ['?upcast=newest', 'upcast'],
      ['?upcast=latest&topic=sums', 'topic'],
    ] as const) {
      const answer = await call(target, { method: 'GET', path: path + wrong, headers });
      expect(answer.status).toBe(400);
      const told = { code: 'invalid_query', details: [{ field }] };
      expect(bodyOf(answer)).toMatchObject(told);
    }
    const socket = await WebSocketClient.open(target);
    socket.send({ type: 'subscribe', upcast: 'newest' });
    await socket.received(1);
    const told = { type: 'error', code: 'validation_error', details: [{ field: 'upcast' }] };
    expect(socket.frames[0]).toMatchObject(told);
  });

  it('tell which event can not be upcast, and end', async () => {
    const target = await startEvolved();
    const { schemas } = target.store;
    await schemas.addUpcaster({ ...mapping, eventType: 'note.added', fromVersion: 2 });
    const sse = await SseClient.open(target, { query });
    await once(sse.response, 'end');
    expect(sse.events.map(({ event }) => event)).toEqual(['subscribed', 'failed']);
    const told = JSON.parse(sse.events[1]?.data ?? '') as { code: string; error: string };
    expect(told.code).toBe('unprocessable');
    expect(told.error).toContain('note.added');
    const socket = await WebSocketClient.open(target, query);
    const [code] = (await once(socket.socket, 'close')) as [number];
    expect(code).toBe(1011);
    expect(socket.frames.at(-1)).toMatchObject({ type: 'error', ...told });
  });
});

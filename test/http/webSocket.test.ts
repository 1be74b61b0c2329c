import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { attachWebSocket, createApp, listen } from '../../src/server/index.js';
import { WebSocketClient, range } from './streamClients.js';
import {
  append,
  appendLines,
  bindServer,
  bodyOf,
  call,
  countReadBytes,
  eventually,
  lines,
  openMemoryStore,
  silent,
  socketBytesMax,
  startListening,
} from './support.js';

const path = '/api/v1/events/stream';

async function refusedStatus(port: number, query: string, headers = {}): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${query}`, { headers });
  socket.on('error', () => undefined);
  const [, response] = (await once(socket, 'unexpected-response')) as [
    unknown,
    import('node:http').IncomingMessage,
  ];
  expect(response.headers['content-type']).toBe('application/json');
  expect(response.headers['x-request-id']).toBeTypeOf('string');
  response.resume();
  return response.statusCode ?? 0;
}

describe('a WebSocket', () => {
  it('replays from a position, then goes on live, without gap or repeat', async () => {
    const target = await startListening();
    await appendLines(target, lines(500));
    let appended = 500;
    const client = await WebSocketClient.open(target);
    client.send({ type: 'subscribe', from_position: 101 });
    for (let batch = 0; batch < 50; batch += 1) {
      await appendLines(target, lines(30));
      appended += 30;
    }
    await eventually(() => client.positions().includes(appended) || undefined);
    const subscribed = client.frames.findIndex(({ type }) => type === 'subscribed');
    const framed = client.frames.slice(subscribed + 1);
    expect(framed.every(({ type }) => type === 'event')).toBe(true);
    expect(framed.map(({ event }) => event?.position)).toEqual(range(101, appended));
  });

  it('says its watermark before the first event', async () => {
    const target = await startListening();
    await appendLines(target, lines(3));
    const client = await WebSocketClient.open(target, '?from_position=1');
    await client.received(4);
    expect(client.frames[0]).toEqual({ type: 'subscribed', watermark: 3 });
    expect(client.positions()).toEqual([1, 2, 3]);
  });

  it('gives bare events to a client that never subscribes in the new form', async () => {
    const target = await startListening();
    await appendLines(target, lines(3));
    const client = await WebSocketClient.open(target);
    await append(target, { entity_id: 'a' });
    await client.received(1);
    expect(client.frames).toMatchObject([{ entity_id: 'a', position: 4 }]);
    expect(client.frames[0]).not.toHaveProperty('type');
  });

  it('takes the bare filter of the reference as "from now on"', async () => {
    const target = await startListening();
    const client = await WebSocketClient.open(target);
    client.send({ entity_id: 'b', event_type: null });
    client.send('not json');
    await client.received(1);
    expect(client.frames).toMatchObject([{ type: 'error', code: 'invalid_json' }]);
    await append(target, { entity_id: 'a' });
    await append(target, { entity_id: 'b' });
    await client.received(2);
    expect(client.frames.slice(1)).toMatchObject([{ entity_id: 'b' }]);
  });

  it('filters by entity, type, prefix and tags', async () => {
    const target = await startListening();
    const mixed = [
      { entity_id: 'a', event_type: 'order.placed', tags: ['x'] },
      { entity_id: 'b', event_type: 'order.paid', tags: ['x', 'y z'] },
      { entity_id: 'b', event_type: 'user.made', tags: ['y z'] },
    ];
    for (const fields of mixed) await append(target, fields);
    const queries = [
      ['?from_position=1&entity_id=b', [2, 3]],
      ['?from_position=1&event_type=order.paid', [2]],
      ['?from_position=1&event_type_prefix=order.', [1, 2]],
      ['?from_position=1&tag=x', [1, 2]],
      ['?from_position=1&tag=x&tag=y%20z', [2]],
    ] as const;
    for (const [query, positions] of queries) {
      const client = await WebSocketClient.open(target, query);
      await client.received(1 + positions.length);
      expect(client.positions()).toEqual(positions);
    }
    const client = await WebSocketClient.open(target);
    client.send({ type: 'subscribe', tags: ['y z', 'x'], from_position: 1 });
    await client.received(2);
    expect(client.positions()).toEqual([2]);
    client.send({ tags: ['x'] });
    await client.received(3);
    expect(client.frames[2]).toMatchObject({ type: 'error', code: 'validation_error' });
  });

  it('replaces a subscription by the next one', async () => {
    const target = await startListening();
    await appendLines(target, lines(10));
    const client = await WebSocketClient.open(target);
    client.send({ type: 'subscribe', from_position: 9 });
    await client.received(3);
    client.send({ type: 'subscribe', entity_id: 'other', from_position: 1 });
    await client.received(4);
    await append(target, { entity_id: 'order-1' });
    await append(target, { entity_id: 'other' });
    await client.received(5);
    expect(client.frames.map(({ type }) => type)).toEqual([
      'subscribed',
      'event',
      'event',
      'subscribed',
      'event',
    ]);
    expect(client.frames[4]?.event).toMatchObject({ entity_id: 'other' });
  });

  it('tells when it has caught up, and checkpoints what has no match', async () => {
    const target = await startListening();
    await appendLines(target, lines(5));
    const client = await WebSocketClient.open(target, '?from_position=1&entity_id=none');
    await eventually(() => client.marks.length === 1 || undefined);
    await appendLines(target, lines(2));
    await eventually(() => client.marks.length === 2 || undefined);
    expect(client.marks).toEqual([
      { type: 'caught_up', position: 5 },
      { type: 'checkpoint', position: 7 },
    ]);
    const bare = await WebSocketClient.open(target);
    await append(target);
    await bare.received(1);
    expect(bare.marks).toEqual([]);
  });

  it('gives batches to a client that asks for them', async () => {
    const target = await startListening();
    await appendLines(target, lines(3_000));
    const client = await WebSocketClient.open(target);
    client.send({ type: 'subscribe', from_position: 11, batch: true });
    await eventually(() => client.frames.at(-1)?.mark === 'caught_up' || undefined);
    await append(target);
    await eventually(() => client.frames.at(-1)?.position === 3_001 || undefined);
    const [subscribed, ...batches] = client.frames;
    expect(subscribed).toEqual({ type: 'subscribed', watermark: 3_000, ping_seconds: 30 });
    expect(batches.map(({ type, mark }) => [type, mark])).toEqual([
      ['events', null],
      ['events', 'caught_up'],
      ['events', null],
    ]);
    for (const { events, position } of batches) expect(events?.at(-1)?.position).toBe(position);
    const positions = batches.flatMap(({ events = [] }) => events.map((event) => event.position));
    expect(positions).toEqual(range(11, 3_001));
  });

  it.each([true, false])(
    'gives no more events than it has credit, in batches: %s',
    async (batch) => {
      const target = await startListening();
      await appendLines(target, lines(100));
      const client = await WebSocketClient.open(target);
      const count = (): number =>
        client.frames.reduce(
          (sum, { event, events }) => sum + (event ? 1 : (events?.length ?? 0)),
          0,
        );
      client.send({ type: 'subscribe', from_position: 1, batch, credit: 10 });
      await eventually(() => count() === 10 || undefined);
      client.send({ type: 'credit', events: 3 });
      client.send({ type: 'credit', events: 4 });
      await eventually(() => count() === 17 || undefined);
      const others = await WebSocketClient.open(target, '?from_position=1');
      await others.received(101);
      expect(count()).toBe(17);
      client.send({ type: 'credit', events: 1_000 });
      await eventually(() => count() === 100 || undefined);
    },
  );

  it('shares reads among clients of one stream, and never among tenants', async () => {
    const target = await startListening();
    const tenants = ['one', 'two', 'one', 'two'];
    const clients = await Promise.all(
      tenants.map((tenant) => WebSocketClient.open(target, `?tenant_id=${tenant}&from_position=1`)),
    );
    for (let i = 0; i < 20; i += 1) await append(target, { tenant_id: tenants[i % 4] });
    for (const [number, client] of clients.entries()) {
      await client.received(11);
      expect(client.positions()).toEqual(range(1, 20).filter((n) => n % 2 === (number + 1) % 2));
    }
  });

  it('is not misled by payloads that look like events', async () => {
    const target = await startListening();
    const payload = { position: 999, text: '"position":7,"partition":1}', deep: { position: 5 } };
    await append(target, { payload, metadata: { position: 77 } });
    await append(target, { payload });
    const client = await WebSocketClient.open(target, '?from_position=1');
    await client.received(3);
    await append(target, { payload });
    await client.received(4);
    expect(client.positions()).toEqual([1, 2, 3]);
  });

  it.each([
    ['{', 'invalid_json'],
    ['[]', 'validation_error'],
    ['{"type":"publish"}', 'validation_error'],
    ['{"type":"subscribe","entity":"x"}', 'validation_error'],
    ['{"type":"subscribe","from_position":"1"}', 'validation_error'],
    ['{"type":"subscribe","from_position":0}', 'validation_error'],
    ['{"type":"subscribe","event_type":"A"}', 'validation_error'],
    ['{"from_position":1}', 'validation_error'],
    ['null', 'validation_error'],
    ['{"batch":true}', 'validation_error'],
    ['{"type":"subscribe","batch":1}', 'validation_error'],
    ['{"type":"subscribe","credit":0}', 'validation_error'],
    ['{"type":"credit"}', 'validation_error'],
    ['{"type":"credit","events":-1}', 'validation_error'],
    ['{"type":"credit","events":1,"more":1}', 'validation_error'],
  ])('answers the bad frame %s with an error and stays', async (frame, code) => {
    const target = await startListening();
    const client = await WebSocketClient.open(target);
    client.send(frame);
    await client.received(1);
    expect(client.frames[0]).toMatchObject({ type: 'error', code });
    client.send({ type: 'subscribe' });
    await client.received(2);
    expect(client.frames[1]).toMatchObject({ type: 'subscribed' });
  });

  it('answers a binary frame with an error, and closes on one that is too long', async () => {
    const target = await startListening();
    const client = await WebSocketClient.open(target);
    client.socket.send(Buffer.from('{}'));
    await client.received(1);
    expect(client.frames[0]).toMatchObject({ type: 'error', code: 'validation_error' });
    client.send('x'.repeat(64 * 1024 + 1));
    const [code] = (await once(client.socket, 'close')) as [number];
    expect(code).toBe(1009);
  });

  it('refuses bad handshakes as JSON', async () => {
    const { port } = await startListening();
    expect(await refusedStatus(port, '/api/v1/events')).toBe(404);
    expect(await refusedStatus(port, `${path}?entity=x`)).toBe(400);
    expect(await refusedStatus(port, `${path}?from_position=x`)).toBe(400);
    const keyless = { connection: 'upgrade', upgrade: 'websocket' };
    const answer = await call({ port }, { path, headers: keyless });
    expect(answer.status).toBe(400);
    expect(bodyOf(answer)).toMatchObject({ code: 'validation_error' });
    expect(await refusedStatus(port, path, { host: 'evil.example' })).toBe(403);
    expect(await refusedStatus(port, path, { origin: 'http://evil.example' })).toBe(403);
    const origin = `http://127.0.0.1:${port}`;
    const same = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: { origin } });
    await once(same, 'open');
    same.terminate();
  });

  it('refuses other upgrades', async () => {
    const { port } = await startListening();
    const socket = connect(port, '127.0.0.1');
    socket.write(
      'GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n',
    );
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    expect(chunk.toString()).toMatch(/^HTTP\/1\.1 422 [^]*"code":"unprocessable"/);
    socket.destroy();
  });

  it('lets a slow reader wait without memory, and gives it everything in order', async () => {
    const target = await startListening({ streamBufferBytesMax: 256 * 1024 });
    const readBytes = countReadBytes(target.store);
    const client = await WebSocketClient.open(target, '?from_position=1');
    await client.received(1);
    client.socket.pause();
    const filler = 'x'.repeat(1_000);
    for (let batch = 0; batch < 32; batch += 1) await appendLines(target, lines(1_000, { filler }));
    expect(readBytes()).toBeLessThan(socketBytesMax);
    client.socket.resume();
    await eventually(() => client.frames.length === 32_001 || undefined);
    expect(client.positions()).toEqual(range(1, 32_000));
    expect(readBytes()).toBeGreaterThan(socketBytesMax);
  });

  it('cuts a client that asks and never reads', async () => {
    const target = await startListening({ streamBufferBytesMax: 1_024 });
    const client = await WebSocketClient.open(target);
    client.socket.pause();
    // Each such frame is answered with a long error.
    const names = Array.from({ length: 20 }, (_, i) => `${i}`.padEnd(60, 'x'));
    const frame = JSON.stringify(Object.fromEntries(names.map((name) => [name, 1])));
    await eventually(async () => {
      for (let i = 0; i < 500; i += 1) client.send(frame);
      const { text } = await call(target, { path: '/metrics' });
      return /^allsource_websocket_connections_active 0$/m.test(text) || undefined;
    });
  });

  it('drops a peer that answers no pings', async () => {
    const target = await startListening({ streamPingMs: 20 });
    const alive = await WebSocketClient.open(target);
    const dead = new WebSocket(`ws://127.0.0.1:${target.port}${path}`, { autoPong: false });
    dead.on('error', () => undefined);
    await once(dead, 'open');
    await once(dead, 'close');
    expect(alive.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('is closed with 1001 when the server closes, and refused while it does', async () => {
    const store = await openMemoryStore();
    const server = await listen(store, { port: 0, logger: silent, processMetrics: false });
    const client = await WebSocketClient.open({ store, port: server.port });
    const closed = once(client.socket, 'close');
    await server.close();
    const [code] = (await closed) as [number];
    expect(code).toBe(1001);
  });

  it('moves the metrics of WebSockets', async () => {
    const target = await startListening();
    const client = await WebSocketClient.open(target, '?from_position=1');
    await append(target);
    await client.received(2);
    client.send('{');
    await client.received(3);
    const { text } = await call(target, { path: '/metrics' });
    expect(text).toMatch(/^allsource_websocket_connections_active 1$/m);
    expect(text).toMatch(/^allsource_websocket_connections_total 1$/m);
    expect(text).toMatch(/^allsource_websocket_messages_sent_total [34]$/m);
    expect(text).toMatch(/^allsource_websocket_errors_total 1$/m);
  });

  it('is served by an app of createApp once it is attached', async () => {
    const store = await openMemoryStore();
    const app = createApp(store, { auth: false, logger: silent, processMetrics: false });
    const server = createServer(app);
    attachWebSocket(server, app);
    onTestFinished(() => void server.close());
    const client = await WebSocketClient.open({ store, port: await bindServer(server) });
    client.send({ type: 'subscribe' });
    await client.received(1);
    client.socket.terminate();
  });
});

import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { listen } from '../../src/server/index.js';
import { SseClient, range } from './streamClients.js';
import {
  append,
  appendLines,
  bodyOf,
  call,
  countReadBytes,
  eventually,
  lines,
  openMemoryStore,
  silent,
  socketBytesMax,
  startExpress,
  startListening,
} from './support.js';

const accept = 'text/event-stream';
const path = '/api/v1/events/stream';

describe.each([
  ['listen', startListening],
  ['createApp', startExpress],
])('server-sent events of %s', (_name, start) => {
  it('replay from a position, then go on live, without gap or repeat', async () => {
    const target = await start();
    await appendLines(target, lines(300));
    const client = await SseClient.open(target, { query: '?from_position=11' });
    expect(client.response.headers['content-type']).toBe(accept);
    let appended = 300;
    for (let batch = 0; batch < 20; batch += 1) {
      await appendLines(target, lines(25));
      appended += 25;
    }
    await client.received(1 + appended - 10);
    const [subscribed, ...events] = client.events;
    expect(subscribed).toMatchObject({ event: 'subscribed' });
    expect(events.map(({ id }) => Number(id))).toEqual(range(11, appended));
    for (const { id, data } of events) {
      expect(JSON.parse(data ?? '')).toMatchObject({ position: Number(id) });
    }
  });

  it('go on behind Last-Event-ID', async () => {
    const target = await start();
    await appendLines(target, lines(10));
    const headers = { 'last-event-id': '7' };
    const client = await SseClient.open(target, { headers, query: '?from_position=1' });
    await client.received(4);
    expect(client.events.slice(1).map(({ id }) => id)).toEqual(['8', '9', '10']);
  });

  it('begin now where no position is given, and filter', async () => {
    const target = await start();
    await appendLines(target, lines(10));
    const client = await SseClient.open(target, { query: '?entity_id=b' });
    await client.received(1);
    await append(target, { entity_id: 'a' });
    await append(target, { entity_id: 'b' });
    await client.received(2);
    expect(client.events.slice(1).map(({ id }) => id)).toEqual(['12']);
  });

  it('tell marks with the position to resume behind', async () => {
    const target = await start();
    await appendLines(target, lines(10));
    const client = await SseClient.open(target, { query: '?entity_id=b&from_position=3' });
    await eventually(() => client.marks.length === 1 || undefined);
    await appendLines(target, lines(2));
    await eventually(() => client.marks.length === 2 || undefined);
    expect(client.marks).toEqual([
      { id: '10', event: 'caught_up', data: '{"position":10}' },
      { id: '12', event: 'checkpoint', data: '{"position":12}' },
    ]);
  });

  it('refuse bad requests', async () => {
    const target = await start();
    const refused = [
      { path: `${path}?from_position=0`, headers: { accept } },
      { path: `${path}?position=1`, headers: { accept } },
      { path, headers: { accept, 'last-event-id': 'x' } },
    ];
    for (const sent of refused) {
      const answer = await call(target, sent);
      expect(bodyOf(answer), sent.path).toMatchObject({ code: 'invalid_query' });
    }
  });

  it('wait for a reader that stops', async () => {
    const target = await start();
    const readBytes = countReadBytes(target.store);
    const client = await SseClient.open(target, { query: '?from_position=1' });
    await client.received(1);
    client.response.pause();
    const filler = 'x'.repeat(1_000);
    for (let batch = 0; batch < 32; batch += 1) await appendLines(target, lines(1_000, { filler }));
    expect(readBytes()).toBeLessThan(socketBytesMax);
    client.response.resume();
    await client.received(32_001);
    expect(client.events.slice(1).map(({ id }) => Number(id))).toEqual(range(1, 32_000));
    expect(readBytes()).toBeGreaterThan(socketBytesMax);
  });

  it('end when the client leaves', async () => {
    const target = await start();
    const client = await SseClient.open(target);
    client.response.destroy();
    await eventually(async () => {
      const { text } = await call(target, { path: '/metrics' });
      return /^allsource_sse_connections_active 0$/m.test(text) || undefined;
    });
  });
});

describe('server-sent events', () => {
  it('are pinged', async () => {
    const target = await startListening({ streamPingMs: 20 });
    const client = await SseClient.open(target);
    await eventually(() => client.comments >= 2 || undefined);
  });

  it('end as a whole answer when the server closes', async () => {
    const store = await openMemoryStore();
    const server = await listen(store, { port: 0, logger: silent, processMetrics: false });
    const client = await SseClient.open({ store, port: server.port });
    const ended = once(client.response, 'end');
    await server.close();
    await ended;
    expect(client.response.complete).toBe(true);
  });
});

import { describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { WebSocketConstructor } from '../../src/client/index.js';
import type { EventBatch, EventStore } from '../../src/index.js';
import { codeOf, collect, errorOf, newEvent, take, wrong } from '../support/store.js';
import { RestartingServer, openClient } from './support.js';

const poll = (check: () => unknown) => vi.waitUntil(check, { timeout: 10_000, interval: 5 });

/** Reads until told to stop; what it got is there at any time. */
function follow(client: EventStore, from: number | 'now' = 1) {
  const stop = new AbortController();
  const batches: EventBatch[] = [];
  const done = (async () => {
    for await (const batch of client.subscribe({ from, signal: stop.signal })) batches.push(batch);
  })();
  const positions = (): number[] => batches.flatMap(({ events }) => events.map((e) => e.position));
  return { stop, done, batches, positions };
}

/** WebSockets that tell how many events came in, and can be cut. */
class WatchedWebSocket extends WebSocket {
  static readonly all: WatchedWebSocket[] = [];
  events = 0;

  constructor(url: string) {
    super(url);
    WatchedWebSocket.all.push(this);
    this.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as { readonly events?: readonly unknown[] };
      this.events += frame.events?.length ?? 0;
    });
  }
}
const watched: WebSocketConstructor = wrong(WatchedWebSocket);

describe('a subscription over a network', () => {
  it('goes on where it was when the server comes back, without loss or repeat', async () => {
    const server = await RestartingServer.start();
    const client = openClient(server.url);
    const seen = follow(client);
    for (let round = 0; round < 5; round += 1) {
      for (let i = 0; i < 20; i += 1) await server.store.append(newEvent(`e${i}`, i));
      await poll(() => seen.positions().length >= round * 40 + 20);
      await server.stop();
      for (let i = 0; i < 20; i += 1) await server.store.append(newEvent(`e${i}`, i));
      await server.startAgain();
    }
    await poll(() => seen.positions().length >= 200);
    seen.stop.abort();
    await seen.done;
    expect(seen.positions()).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    const ends = seen.batches.map(({ position }) => position);
    expect(ends).toEqual([...ends].sort((a, b) => a - b));
  });

  it('begins with what comes after the call, though its first connection fails later on', async () => {
    const server = await RestartingServer.start();
    const client = openClient(server.url, { WebSocket: watched });
    await client.append(newEvent('a', 'before'));
    const seen = follow(client, 'now');
    // Sent at once: the subscription has begun all the same.
    await client.append(newEvent('a', 'after'));
    WatchedWebSocket.all.at(-1)?.terminate();
    await client.append(newEvent('a', 'later'));
    await poll(() => seen.positions().length >= 2);
    expect(seen.positions()).toEqual([2, 3]);
  });

  it('tells when it is live, when its connection was lost, and when it is live again', async () => {
    const server = await RestartingServer.start();
    const client = openClient(server.url, { WebSocket: watched });
    await client.append(newEvent('a'));
    const seen = follow(client);
    const marks = (): unknown[] => seen.batches.map(({ mark }) => mark).filter(Boolean);
    await poll(() => marks().length === 1);
    WatchedWebSocket.all.at(-1)?.terminate();
    await poll(() => marks().length === 3);
    expect(marks()).toEqual(['caughtUp', 'fellBehind', 'caughtUp']);
    expect(seen.batches.at(-1)?.position).toBe(1);
  });

  it('lets the server send a window, and no more, to a reader that does nothing', async () => {
    const server = await RestartingServer.start();
    const events = Array.from({ length: 1000 }, (_, i) => newEvent(`e${i % 7}`, i));
    for (let i = 0; i < 50; i += 1) await server.store.appendBatch(events);
    const client = openClient(server.url, { WebSocket: watched });
    const batches = client.subscribe({ from: 1 })[Symbol.asyncIterator]();
    const positions: number[] = [];
    const read = async (): Promise<void> => {
      const { events } = (await batches.next()).value as EventBatch;
      positions.push(...events.map(({ position }) => position));
    };
    await read();
    const socket = WatchedWebSocket.all.at(-1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(socket?.events).toBeGreaterThan(0);
    expect(socket?.events).toBeLessThanOrEqual(9000);
    while (positions.length < 50_000) await read();
    await batches.return?.();
    // Snapshots lie between the events.
    const all = await collect(server.store.read());
    expect(positions).toEqual(all.map(({ position }) => position));
  });

  it('holds few events where they are large', async () => {
    const server = await RestartingServer.start();
    const large = newEvent('a', 'x'.repeat(1_000_000));
    for (let i = 0; i < 60; i += 1) await server.store.append(large);
    const client = openClient(server.url, { WebSocket: watched });
    const batches = client.subscribe({ from: 30 })[Symbol.asyncIterator]();
    await batches.next();
    await batches.return?.();
    expect(await take(client.subscribe({ from: 1 }).events(), 60)).toHaveLength(60);
  });

  it('notices a connection on which nothing comes any more', async () => {
    const server = await RestartingServer.start({ streamPingMs: 40 });
    /** The first one hears the server greet, and then nothing. */
    class DeafWebSocket extends WebSocket {
      static opened = 0;
      constructor(url: string) {
        super(url);
        const isFirst = DeafWebSocket.opened === 0;
        DeafWebSocket.opened += 1;
        let heard = 0;
        const emit = this.emit.bind(this);
        this.emit = (name: string | symbol, ...args: unknown[]): boolean => {
          if (isFirst && name === 'message' && (heard += 1) > 1) return true;
          return emit(name as 'message', ...(args as []));
        };
      }
    }
    const client = openClient(server.url, { WebSocket: wrong(DeafWebSocket) });
    const [event] = await Promise.all([
      take(client.subscribe({ from: 'now' }).events(), 1),
      client.append(newEvent('a', 1)),
    ]);
    expect(event[0]?.position).toBe(1);
    expect(DeafWebSocket.opened).toBeGreaterThan(1);
  });

  it('says why the server does not take it', async () => {
    const server = await RestartingServer.start();
    const client = openClient(server.url);
    const bad = { from: 1, filter: { entityId: ' a' } };
    const error = await errorOf(() => client.subscribe(bad));
    expect(error).toMatchObject({ code: 'invalid_query' });
    expect(error.message).toContain('white space');
    expect(await codeOf(() => client.subscribe({ from: 1, tenantId: '$system' }))).toBe(
      'invalid_query',
    );
  });

  it('gives up where it never was connected', async () => {
    const server = await RestartingServer.start();
    const { url } = server;
    await server.stop();
    const client = openClient(url, { retryForMs: 200 });
    expect(await codeOf(() => client.subscribe())).toBe('server_unreachable');
    expect(await codeOf(() => collect(client.subscribe({ from: 1 })))).toBe('server_unreachable');
  });

  it('says where there is no WebSocket', async () => {
    const server = await RestartingServer.start();
    const { connect } = await import('../../src/client/index.js');
    const client = connect(server.url, { WebSocket: undefined });
    const error = await errorOf(() => client.subscribe({ from: 1 }));
    expect(error.message).toContain('there is no WebSocket here');
    await client.close();
  });
});

// One event in a million matches: a subscriber that is cut in the middle goes on from its checkpoint.
import { expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { WebSocketConstructor } from '../../src/client/index.js';
import { connect } from '../../src/client/node.js';
import type { EventBatch } from '../../src/index.js';
import { listen } from '../../src/server/index.js';
import { silent } from '../http/support.js';
import { line, makeDirectory, newEvent, openStore, wrong } from '../support/store.js';
import { TcpProxy } from './tcpProxy.js';

const events = 1_000_000;
const batchEvents = 10_000;
const filter = { entityId: 'needle' };
const poll = (check: () => unknown) => vi.waitUntil(check, { timeout: 20_000, interval: 10 });

/** Where each WebSocket asked to begin. */
const begins: unknown[] = [];
class ListeningWebSocket extends WebSocket {
  override send(data: string): void {
    const frame = JSON.parse(data) as { readonly type: string; readonly from_position?: number };
    if (frame.type === 'subscribe') begins.push(frame.from_position);
    super.send(data);
  }
}

it('sees the one event once, and reads nothing twice that it has passed', async () => {
  const store = await openStore({ dataDir: await makeDirectory(), durability: 'async' });
  const server = await listen(store, { port: 0, logger: silent, processMetrics: false });
  onTestFinished(() => server.close());
  const proxy = await TcpProxy.open(server.port);
  onTestFinished(() => proxy.close());
  const socket: WebSocketConstructor = wrong(ListeningWebSocket);
  const client = connect(proxy.url, { WebSocket: socket });
  onTestFinished(() => client.close());
  const hay = Array.from({ length: batchEvents }, (_, i) => line(`hay-${i % 100}`, '1')).join('\n');
  const bytes = Buffer.from(hay);
  const append = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += batchEvents) await store.appendBatch(bytes);
  };

  const batches: EventBatch[] = [];
  const abandoned = new AbortController();
  const read = async (from: number, signal?: AbortSignal): Promise<void> => {
    for await (const batch of client.subscribe({ filter, from, signal })) batches.push(batch);
  };
  const first = read(1, abandoned.signal);
  const last = (): number => batches.at(-1)?.position ?? 0;
  await append(events / 2);
  await poll(() => last() >= events / 4);

  // Cut, it comes back by itself; abandoned, whoever goes on says from where.
  const cutAt = last();
  proxy.cutAll();
  await append(events / 4);
  await poll(() => last() > events / 2);
  abandoned.abort();
  await first;
  const abandonedAt = last();
  const second = read(abandonedAt + 1);
  await store.append(newEvent('needle', 1));
  await append(events / 4);
  await poll(() => last() > events);
  await client.close();
  await second;

  const found = batches.flatMap((batch) => batch.events);
  expect(found.map(({ position }) => position)).toEqual([(events * 3) / 4 + 1]);
  const positions = batches.map(({ position }) => position);
  expect(positions).toEqual([...positions].sort((a, b) => a - b));
  expect(begins[0]).toBe(1);
  expect(begins.slice(1, -1).every((begin) => Number(begin) > cutAt)).toBe(true);
  expect(begins.length).toBeGreaterThan(2);
  expect(begins.at(-1)).toBe(abandonedAt + 1);
  expect(abandonedAt).toBeGreaterThan(events / 2);
}, 60_000);

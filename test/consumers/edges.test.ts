// What a careful reader of the consumers asked: seeks, drops and strangers while handlers run.
import { describe, expect, it } from 'vitest';
import { openEventStore } from '../../src/index.js';
import type { EmbeddedStore, NewEvent, StoredEvent } from '../../src/index.js';
import {
  codeOf,
  collect,
  makeDirectory,
  memoryMode,
  newEvent,
  openStore,
} from '../support/store.js';

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);
const poll = (read: () => unknown) => expect.poll(read, { timeout: 20_000, interval: 2 });
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function append(store: EmbeddedStore, count: number, fields: Partial<NewEvent> = {}) {
  await store.appendBatch(range(1, count).map((i) => newEvent('e', i, fields)));
}

async function membersOf(store: EmbeddedStore): Promise<string[]> {
  return (await (await store.consumers.get('c')).info()).members.map(({ member }) => member);
}

/** A handler that waits where it is told to. */
function gatedHandler(at: number) {
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  let reached = (): void => undefined;
  const isThere = new Promise<void>((resolve) => (reached = resolve));
  const handled: number[] = [];
  let running = 0;
  let most = 0;
  const handle = async (event: StoredEvent, out?: (event: NewEvent) => void): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    handled.push(Number(event.payload));
    if (Number(event.payload) === at && handled.filter((n) => n === at).length === 1) {
      reached();
      await gate;
    }
    out?.(newEvent('out', event.payload, { eventType: 'out' }));
    running -= 1;
  };
  return { handle, isThere, release: () => release(), handled, most: () => most };
}

describe('a seek while a handler runs', () => {
  it('is not undone by what the handler still commits', async () => {
    const store = await memoryMode.open();
    await append(store, 40);
    const { handle, isThere, release, handled } = gatedHandler(30);
    const filter = { entityId: 'e' };
    const worker = await store.consumer('c', (event, { append: out }) => handle(event, out), {
      filter,
    });
    await isThere;
    const sought = store.consumers.seek('c', 'beginning');
    await pause(5);
    release();
    await sought;
    await poll(() => handled.filter((n) => n === 40).length).toBe(1);
    await worker.stop();
    const [at] = [handled.indexOf(30)];
    expect(handled.slice(at + 1)).toEqual(range(1, 40));
    const outs = await collect(store.read({ eventType: 'out' }));
    // The first 29 twice, as they were sought; 30, whose handler was overtaken, once.
    expect(outs.length).toBe(29 + 40);
  });

  it('lets no two handlers at one entity', async () => {
    const store = await memoryMode.open();
    await append(store, 60);
    const { handle, isThere, release, most, handled } = gatedHandler(10);
    const handler = (event: StoredEvent) => handle(event);
    const workers = [await store.consumer('c', handler), await store.consumer('c', handler)];
    await isThere;
    await store.consumers.seek('c', 'beginning');
    workers.push(await store.consumer('c', handler));
    await pause(20);
    release();
    await poll(() => handled.filter((n) => n === 60).length).toBeGreaterThan(0);
    expect(most()).toBe(1);
    for (const worker of workers) await worker.stop();
  });

  it('goes through under load, and is kept when the store closes at once', async () => {
    const dataDir = await makeDirectory();
    const store = await openEventStore({ dataDir });
    await append(store, 500);
    await store.consumer('c', (_event, { append: out }) => out(newEvent('o', 1)), {
      filter: { entityId: 'e' },
    });
    for (let i = 0; i < 10; i += 1) {
      await pause(3);
      await store.consumers.seek('c', 400);
    }
    await store.close();
    const again = await openStore({ dataDir });
    const { cursor } = await (await again.consumers.get('c')).info();
    expect(cursor).toBeGreaterThanOrEqual(399);
  });

  it('keeps the replays of dead letters', async () => {
    const store = await memoryMode.open();
    await append(store, 3);
    await store.consumers.create({ name: 'c', maxAttempts: 1 });
    const consumer = await store.consumers.get('c');
    await consumer.pull({ member: 'm', limit: 1, waitMs: 1000 });
    await consumer.nack('m', [1], { reason: 'no' });
    await poll(async () => (await consumer.deadLetters()).length).toBe(1);
    await consumer.replayDeadLetters();
    await store.consumers.seek('c', 'now');
    const [delivery] = await consumer.pull({ member: 'm', limit: 5, waitMs: 1000 });
    expect(delivery?.event.position).toBe(1);
    expect(await consumer.ack('m', [1])).toEqual({ acknowledged: 1, stale: [] });
    expect(await consumer.deadLetters()).toEqual([]);
  });
});

describe('dropping old events', () => {
  it('keeps consumers and webhooks, with their places and dead letters', async () => {
    const dataDir = await makeDirectory();
    const options = { dataDir, segmentBytesMax: 65_536 };
    const store = await openEventStore(options);
    await store.webhooks.create({ name: 'w', url: 'https://example.com/' });
    await store.webhooks.pause('w');
    await store.consumers.create({ name: 'c', maxAttempts: 1 });
    await store.consumers.create({ name: 'gone' });
    await store.consumers.delete('gone');
    const filler = 'x'.repeat(3000);
    for (const i of range(1, 150)) await store.append(newEvent('a', filler + i));
    const consumer = await store.consumers.get('c');
    const taken = await consumer.pull({ member: 'm', limit: 150, waitMs: 1000 });
    const positions = taken.map(({ event }) => event.position);
    const last = positions.at(-1) ?? 0;
    await consumer.ack('m', positions.slice(0, -1));
    await consumer.nack('m', [last], { reason: 'broken' });
    await poll(async () => (await consumer.deadLetters()).length).toBe(1);
    const cursor = (await consumer.info()).cursor;
    await poll(async () => (await store.dropBefore(100)).firstPosition).toBeGreaterThan(20);
    await store.close();
    const again = await openStore(options);
    expect((await again.consumers.list()).map(({ name }) => name)).toEqual(['c']);
    const info = await (await again.consumers.get('c')).info();
    expect(info.cursor).toBeGreaterThanOrEqual(Math.min(cursor, last));
    expect(info.deadLetters).toBe(1);
    expect(await again.webhooks.get('w')).toMatchObject({
      status: 'paused',
      pauseReason: 'paused by request',
    });
    expect((await again.webhooks.list()).length).toBe(1);
    await append(again, 1);
    const rest = await (
      await again.consumers.get('c')
    ).pull({ member: 'm', limit: 500, waitMs: 1000 });
    expect(rest.at(-1)?.event.entityId).toBe('e');
  });
});

describe('a handler', () => {
  it('can’t append to the store’s own tenant', async () => {
    const store = await memoryMode.open();
    await append(store, 1);
    const worker = await store.consumer(
      'c',
      (_event, { append: out }) => {
        out(newEvent('x', 1, { tenantId: '$system', eventType: 'consumer.created' }));
      },
      { maxAttempts: 1 },
    );
    const consumer = await store.consumers.get('c');
    await poll(async () => (await consumer.deadLetters())[0]?.reason).toMatch(
      /^tenantId: only letters/,
    );
    await worker.stop();
  });

  it('appends to the tenant of its consumer unless it names another', async () => {
    const store = await memoryMode.open();
    await append(store, 1, { tenantId: 'acme' });
    const worker = await store.consumer(
      'c',
      (_event, { append: out }) => {
        out({ ...newEvent('x', 1), tenantId: undefined });
        out(newEvent('x', 2, { tenantId: 'other' }));
      },
      { tenantId: 'acme', filter: { entityId: 'e' } },
    );
    const count = async (tenantId: string) => (await store.stats({ tenantId })).totalEvents;
    await poll(() => count('acme')).toBe(2);
    expect(await count('other')).toBe(1);
    await worker.stop();
  });

  it('is nobody else’s to speak for', async () => {
    const store = await memoryMode.open();
    await store.consumers.create({ name: 'c' });
    const worker = await store.consumer('c', () => undefined);
    await poll(async () => (await membersOf(store)).length).toBe(1);
    const [member = ''] = await membersOf(store);
    const consumer = await store.consumers.get('c');
    const calls = [
      () => consumer.leave(member),
      () => consumer.pull({ member, limit: 1, waitMs: 0 }),
      () => consumer.ack(member, [1]),
      () => consumer.nack(member, [1], { reason: 'x' }),
    ];
    for (const call of calls) expect(await codeOf(call)).toBe('validation_error');
    await worker.stop();
  });
});

describe('members that are none', () => {
  it('do not become one by an acknowledgement, nor again after leaving', async () => {
    const store = await memoryMode.open();
    await append(store, 3);
    await store.consumers.create({ name: 'c', from: 'now' });
    const consumer = await store.consumers.get('c');
    expect(await consumer.ack('ghost', [1])).toEqual({ acknowledged: 0, stale: [1] });
    expect(await membersOf(store)).toEqual([]);
    const waiting = consumer.pull({ member: 'a', limit: 1, waitMs: 10_000 });
    await poll(async () => membersOf(store)).toEqual(['a']);
    await consumer.leave('a');
    expect(await waiting).toEqual([]);
    expect(await membersOf(store)).toEqual([]);
  });

  it('get what is there by a first pull that does not wait', async () => {
    const store = await memoryMode.open();
    await append(store, 2);
    await store.consumers.create({ name: 'c' });
    const consumer = await store.consumers.get('c');
    expect((await consumer.pull({ member: 'm', limit: 9, waitMs: 0 })).length).toBe(2);
  });
});

it.each([{ filter: { tags: 'vip' } }, { filter: { tags: [5] } }])(
  '%j is refused',
  async (options) => {
    const store = await memoryMode.open();
    const call = () => store.consumers.create({ name: 'c', ...(options as object) });
    expect(await codeOf(call)).toBe('invalid_query');
  },
);

import { describe, expect, it } from 'vitest';
import { openEventStore } from '../../src/index.js';
import type { Consumer, ConsumerOptions, EmbeddedStore, StoredEvent } from '../../src/index.js';
import {
  codeOf,
  collect,
  durableMode,
  errorOf,
  makeDirectory,
  memoryMode,
  newEvent,
  openStore,
  wrong,
} from '../support/store.js';

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until(isDone: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await isDone())) {
    if (performance.now() > deadline) throw new Error('what the test waits for did not happen');
    await pause(2);
  }
}

async function appendOrders(store: EmbeddedStore, from: number, to: number): Promise<void> {
  await store.appendBatch(
    range(from, to).map((i) => newEvent(`order-${i % 10}`, i, { eventType: 'order.placed' })),
  );
}

const orders = { eventType: 'order.placed' } as const;

async function outputs(store: EmbeddedStore): Promise<number[]> {
  const events = await collect(store.read({ eventType: 'order.billed' }));
  return events.map(({ payload }) => Number(payload)).sort((a, b) => a - b);
}

function bill({ payload }: StoredEvent) {
  return { eventType: 'order.billed', entityId: `bill-${Number(payload)}`, payload };
}

async function pullAll(consumer: Consumer, member: string, count: number): Promise<number[]> {
  const positions: number[] = [];
  while (positions.length < count) {
    const got = await consumer.pull({ member, limit: 100, waitMs: 5000 });
    if (got.length === 0) break;
    positions.push(...got.map(({ event }) => event.position));
    await consumer.ack(
      member,
      got.map(({ event }) => event.position),
    );
  }
  return positions.sort((a, b) => a - b);
}

describe.each([
  ['in memory', memoryMode],
  ['durable', durableMode('sync')],
])('a handler of a consumer, %s', (_name, mode) => {
  it('gets every matching event once, of history and live, in order for each entity', async () => {
    const store = await mode.open();
    await appendOrders(store, 1, 500);
    await store.append(newEvent('other', 0));
    const seen = new Map<string, number[]>();
    const worker = await store.consumer(
      'all',
      ({ entityId, payload }) => {
        seen.set(entityId, [...(seen.get(entityId) ?? []), Number(payload)]);
      },
      { filter: orders },
    );
    await appendOrders(store, 501, 1000);
    const count = (): number => [...seen.values()].reduce((sum, list) => sum + list.length, 0);
    await until(() => count() === 1000);
    await worker.stop();
    for (const [entityId, payloads] of seen) {
      const own = range(1, 1000).filter((i) => `order-${i % 10}` === entityId);
      expect(payloads).toEqual(own);
    }
  });

  it('appends with the record that the event was handled, however often it fails', async () => {
    const store = await mode.open();
    await appendOrders(store, 1, 200);
    let calls = 0;
    const worker = await store.consumer(
      'billing',
      (event, { append }) => {
        calls += 1;
        append(bill(event));
        if (calls % 7 === 0) throw new Error('now and then');
      },
      { filter: orders, maxAttempts: 100 },
    );
    await until(async () => (await outputs(store)).length >= 200);
    await worker.stop();
    expect(await outputs(store)).toEqual(range(1, 200));
  }, 60_000);

  it('is called again where what it appends expects another version', async () => {
    const store = await mode.open();
    await appendOrders(store, 1, 1);
    let attempts = 0;
    const worker = await store.consumer(
      'strict',
      (event, { append, attempt }) => {
        attempts = attempt;
        append({ ...bill(event), expectedVersion: attempt === 1 ? 7 : 0 });
      },
      { filter: orders },
    );
    await until(async () => (await outputs(store)).length === 1);
    await worker.stop();
    expect(attempts).toBe(2);
    expect(await outputs(store)).toEqual([1]);
  });

  it('shares the work with another, each entity with one at a time', async () => {
    const store = await mode.open();
    const running = new Set<string>();
    const seen = new Map<number, number>();
    const handle = (name: number) => async (event: StoredEvent) => {
      expect(running.has(event.entityId)).toBe(false);
      running.add(event.entityId);
      await pause(1);
      running.delete(event.entityId);
      seen.set(event.position, (seen.get(event.position) ?? 0) + 1);
      workers[name] = (workers[name] ?? 0) + 1;
    };
    const workers: Record<number, number> = {};
    const first = await store.consumer('shared', handle(1), { filter: orders });
    await appendOrders(store, 1, 200);
    const second = await store.consumer('shared', handle(2), { filter: orders });
    await appendOrders(store, 201, 600);
    await until(() => seen.size === 600);
    await first.stop();
    await appendOrders(store, 601, 700);
    await until(() => seen.size === 700);
    await second.stop();
    expect([...seen.values()].every((count) => count === 1)).toBe(true);
    expect(workers[1]).toBeGreaterThan(0);
    expect(workers[2]).toBeGreaterThan(100);
  });

  it('makes a dead letter of what fails for the last time, and goes on', async () => {
    const store = await mode.open();
    await appendOrders(store, 1, 20);
    let isBroken = true;
    const handled: number[] = [];
    const worker = await store.consumer(
      'fragile',
      ({ payload }) => {
        if (payload === 13 && isBroken) throw new Error('13 is not to be had');
        handled.push(Number(payload));
      },
      { filter: orders, maxAttempts: 1 },
    );
    const consumer = await store.consumers.get('fragile');
    await until(async () => (await consumer.deadLetters()).length === 1 && handled.length === 19);
    expect((await consumer.deadLetters())[0]).toMatchObject({
      position: 13,
      attempts: 1,
      reason: '13 is not to be had',
      isReplayed: false,
    });
    expect(await codeOf(() => consumer.replayDeadLetters([12]))).toBe('dead_letter_not_found');
    isBroken = false;
    expect(await consumer.replayDeadLetters()).toBe(1);
    await until(async () => (await consumer.deadLetters()).length === 0);
    expect(await consumer.replayDeadLetters()).toBe(0);
    await worker.stop();
    expect(handled.sort((a, b) => a - b)).toEqual(range(1, 20));
  });
});

describe('a consumer over restarts', () => {
  it('goes on where it was, with its dead letters', async () => {
    const dataDir = await makeDirectory();
    const handled: number[] = [];
    const handle = ({ payload }: StoredEvent): void => {
      if (payload === 5) throw new Error('never');
      handled.push(Number(payload));
    };
    for (let round = 0; round < 3; round += 1) {
      const store = await openEventStore({ dataDir });
      await appendOrders(store, round * 50 + 1, round * 50 + 50);
      await store.consumer('again', handle, { filter: orders, maxAttempts: 1 });
      await until(() => handled.length === round * 50 + 49);
      await until(
        async () => (await (await store.consumers.get('again')).deadLetters()).length === 1,
      );
      await store.close();
    }
    expect([...handled].sort((a, b) => a - b)).toEqual(range(1, 150).filter((i) => i !== 5));
    const store = await openStore({ dataDir });
    const [info] = await store.consumers.list();
    expect(info).toMatchObject({ name: 'again', deadLetters: 1, inFlight: 0, members: [] });
  });

  it('replays a dead letter that was being delivered again', async () => {
    const dataDir = await makeDirectory();
    const first = await openEventStore({ dataDir });
    await appendOrders(first, 1, 3);
    await first.consumers.create({ name: 'c', maxAttempts: 1 });
    const consumer = await first.consumers.get('c');
    const pulled = await consumer.pull({ member: 'm', limit: 1, waitMs: 1000 });
    const position = pulled[0]?.event.position ?? 0;
    await consumer.nack('m', [position], { reason: 'no' });
    await until(async () => (await consumer.deadLetters()).length === 1);
    await consumer.replayDeadLetters();
    await first.close();
    const second = await openStore({ dataDir });
    const again = await second.consumers.get('c');
    const rest = await pullAll(again, 'm', 3);
    expect(rest).toEqual([1, 2, 3]);
    await until(async () => (await again.deadLetters()).length === 0);
  });
});

describe('the members of a consumer', () => {
  const options: ConsumerOptions = { name: 'c', ackTimeoutMs: 200 };

  async function open(more: Partial<ConsumerOptions> = {}, events = 40) {
    const store = await memoryMode.open();
    await appendOrders(store, 1, events);
    await store.consumers.create({ ...options, ...more });
    return { store, consumer: await store.consumers.get('c') };
  }

  it('get events, acknowledge them, and get no more', async () => {
    const { consumer } = await open();
    expect(await pullAll(consumer, 'a', 40)).toEqual(range(1, 40));
    expect(await consumer.pull({ member: 'a', limit: 10, waitMs: 0 })).toEqual([]);
    expect(await consumer.info()).toMatchObject({ inFlight: 0, deadLetters: 0 });
  });

  it('wait for events that are not there yet', async () => {
    const { store, consumer } = await open({ from: 'now' });
    const waiting = consumer.pull({ member: 'a', limit: 10, waitMs: 10_000 });
    await pause(20);
    await store.append(newEvent('order-1', 41, { eventType: 'order.placed' }));
    const [delivery] = await waiting;
    expect(delivery).toMatchObject({ attempt: 1, event: { payload: 41 } });
    const gone = new AbortController();
    const aborted = consumer.pull({ member: 'a', limit: 1, waitMs: 10_000, signal: gone.signal });
    gone.abort();
    expect(await aborted).toEqual([]);
  });

  it('hold no more than they may', async () => {
    const { consumer } = await open({ maxInFlight: 7 });
    const first = await consumer.pull({ member: 'a', limit: 100, waitMs: 1000 });
    expect(first).toHaveLength(7);
    expect(await consumer.pull({ member: 'a', limit: 100, waitMs: 0 })).toEqual([]);
    expect((await consumer.info()).members[0]).toMatchObject({ member: 'a', inFlight: 7 });
  });

  it('get again what was not acknowledged in time, and a late acknowledgement is stale', async () => {
    const { consumer } = await open({ maxAttempts: 2 }, 1);
    await consumer.pull({ member: 'a', limit: 1, waitMs: 1000 });
    const again = await consumer.pull({ member: 'b', limit: 1, waitMs: 5000 });
    expect(again).toMatchObject([{ attempt: 2, event: { position: 1 } }]);
    expect(await consumer.ack('a', [1])).toEqual({ acknowledged: 0, stale: [1] });
    expect(await consumer.ack('b', [1])).toEqual({ acknowledged: 1, stale: [] });
    expect(await consumer.nack('b', [1], { reason: 'late' })).toEqual({
      acknowledged: 0,
      stale: [1],
    });
  });

  it('may ask for a pause before the next delivery', async () => {
    const { consumer } = await open({}, 1);
    await consumer.pull({ member: 'a', limit: 1, waitMs: 1000 });
    const begin = performance.now();
    await consumer.nack('a', [1], { reason: 'busy', delayMs: 120 });
    const again = await consumer.pull({ member: 'a', limit: 1, waitMs: 5000 });
    expect(again).toMatchObject([{ attempt: 2 }]);
    expect(performance.now() - begin).toBeGreaterThanOrEqual(119);
  });

  it('that leave give back what they hold, as if it had not been delivered', async () => {
    const { consumer } = await open({ ackTimeoutMs: 60_000 });
    const held = await consumer.pull({ member: 'a', limit: 15, waitMs: 1000 });
    expect(held).toHaveLength(15);
    const waiting = pullAll(consumer, 'b', 40);
    await pause(20);
    await consumer.leave('a');
    expect(await waiting).toEqual(range(1, 40));
    expect(await consumer.deadLetters()).toEqual([]);
  });

  it('can be sent back and forth', async () => {
    const { store, consumer } = await open();
    expect(await pullAll(consumer, 'a', 40)).toHaveLength(40);
    await store.consumers.seek('c', 31);
    expect(await pullAll(consumer, 'a', 10)).toEqual(range(31, 40));
    await store.consumers.seek('c', 6);
    const held = await consumer.pull({ member: 'a', limit: 5, waitMs: 1000 });
    await store.consumers.seek('c', 40);
    const stale = held.map(({ event }) => event.position);
    expect(await consumer.ack('a', stale)).toEqual({ acknowledged: 0, stale });
    expect(await pullAll(consumer, 'a', 1)).toEqual([40]);
  });

  it('are told when events were dropped, and go on behind them', async () => {
    const store = await openStore({ dataDir: await makeDirectory(), segmentBytesMax: 65_536 });
    const filler = 'x'.repeat(3000);
    for (const i of range(1, 200)) await store.append(newEvent('a', filler + i));
    await store.consumers.create({ name: 'c' });
    await until(async () => (await store.dropBefore(100)).firstPosition > 1);
    const { firstPosition } = await store.stats();
    const consumer = await store.consumers.get('c');
    const pull = () => consumer.pull({ member: 'a', limit: 10, waitMs: 5000 });
    expect(await codeOf(pull)).toBe('events_dropped');
    expect((await consumer.info()).failure?.code).toBe('events_dropped');
    await store.consumers.seek('c', firstPosition);
    expect((await pull())[0]?.event.position).toBe(firstPosition);
  });
});

describe('consumers of a store', () => {
  it('are listed, kept apart by tenant, and deleted', async () => {
    const store = await memoryMode.open();
    await store.consumers.create({ name: 'b', filter: orders });
    await store.consumers.create({ name: 'a' });
    await store.consumers.create({ name: 'a', tenantId: 'two' });
    await store.append(newEvent('x', 1, { tenantId: 'two' }));
    const names = async (tenantId?: string): Promise<string[]> =>
      (await store.consumers.list({ tenantId })).map(({ name }) => name);
    expect(await names()).toEqual(['a', 'b']);
    expect(await names('two')).toEqual(['a']);
    const ofTwo = await store.consumers.get('a', { tenantId: 'two' });
    const got = await ofTwo.pull({ member: 'm', limit: 10, waitMs: 1000 });
    expect(got.map(({ event }) => event.tenantId)).toEqual(['two']);
    const ofDefault = await store.consumers.get('a');
    expect(await ofDefault.pull({ member: 'm', limit: 10, waitMs: 20 })).toEqual([]);
    await store.consumers.delete('a');
    expect(await names()).toEqual(['b']);
    expect(await codeOf(() => store.consumers.get('a'))).toBe('consumer_not_found');
    expect(await codeOf(() => store.consumers.delete('a'))).toBe('consumer_not_found');
    const pull = () => ofDefault.pull({ member: 'm', limit: 1, waitMs: 0 });
    expect(await codeOf(pull)).toBe('consumer_not_found');
  });

  it('are made once: again with the same options, and not with others', async () => {
    const store = await memoryMode.open();
    const options = { name: 'c', filter: { tags: ['x'], entityId: 'e' } };
    const first = await store.consumers.create(options);
    const same = { name: 'c', filter: { entityId: 'e', tags: ['x'] }, maxAttempts: 5 };
    expect(await store.consumers.create(same)).toEqual(first);
    const error = await errorOf(() => store.consumers.create({ ...options, maxAttempts: 6 }));
    expect(error).toMatchObject({ code: 'consumer_exists' });
    expect(error.message).toContain('maxAttempts');
  });

  it.each([
    ['beginning', range(1, 6)],
    ['now', []],
    [4, [4, 5, 6]],
    [100, []],
    [{ timestamp: 0 }, range(1, 6)],
    [{ timestamp: '2100-01-01T00:00:00Z' }, []],
  ] as const)('begin at %j', async (from, expected) => {
    const store = await memoryMode.open();
    await appendOrders(store, 1, 6);
    await store.consumers.create({ name: 'c', from });
    const consumer = await store.consumers.get('c');
    expect(await pullAll(consumer, 'a', expected.length)).toEqual(expected);
  });

  it.each([
    [{ name: '' }, 'validation_error'],
    [{ name: 'a b' }, 'validation_error'],
    [{ name: 5 }, 'validation_error'],
    [{ name: 'a', maxAttempts: 0 }, 'validation_error'],
    [{ name: 'a', maxInFlight: 1.5 }, 'validation_error'],
    [{ name: 'a', ackTimeoutMs: 99 }, 'validation_error'],
    [{ name: 'a', start: 5 }, 'validation_error'],
    [{ name: 'a', from: -1 }, 'invalid_query'],
    [{ name: 'a', from: 'end' }, 'invalid_query'],
    [{ name: 'a', filter: { type: 'x' } }, 'invalid_query'],
    [{ name: 'a', tenantId: '$system' }, 'invalid_query'],
  ])('refuse %j', async (options, code) => {
    const store = await memoryMode.open();
    expect(await codeOf(() => store.consumers.create(wrong(options)))).toBe(code);
    expect(await store.consumers.list()).toEqual([]);
  });

  it('keep what they are about out of everybody’s sight', async () => {
    const store = await memoryMode.open();
    await store.consumers.create({ name: 'c' });
    await store.append(newEvent('a', 1));
    const consumer = await store.consumers.get('c');
    await pullAll(consumer, 'm', 1);
    expect(store.watermark).toBeGreaterThan(1);
    expect(await collect(store.read())).toHaveLength(1);
    expect((await store.entities()).entities).toHaveLength(1);
    expect((await store.stats({ tenantId: 'default' })).totalEvents).toBe(1);
    const tenantId = '$system';
    const calls = [
      () => store.readPage({ tenantId }),
      () => collect(store.subscribe({ tenantId })),
      () => store.entities({ tenantId }),
      () => store.eventTypes({ tenantId }),
      () => store.state('x', { tenantId }),
      () => store.stats({ tenantId }),
      () => store.getEvent('x', { tenantId }),
      () => store.proveEvent(1, { tenantId }),
    ];
    for (const call of calls) expect(await codeOf(call)).toBe('invalid_query');
    const append = () => store.append(newEvent('a', 1, { tenantId }));
    expect(await codeOf(append)).toBe('validation_error');
    expect(await codeOf(() => store.appendBatch([newEvent('a', 1)], { tenantId }))).toBe(
      'validation_error',
    );
  });
});

// Consumers whose events were dropped from the front of the log.
import { describe, expect, it, onTestFinished } from 'vitest';
import { openEventStore } from '../../src/index.js';
import type { Consumer, EmbeddedStore } from '../../src/index.js';
import { codeOf, makeDirectory, newEvent } from '../support/store.js';

const poll = (read: () => unknown) => expect.poll(read, { timeout: 20_000, interval: 2 });
const filter = { eventType: 'order' } as const;

async function appendOrders(store: EmbeddedStore, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await store.append(newEvent('o', i, { eventType: 'order' }));
}

/** A store with three orders, of which a consumer has made dead letters that it delivers again. */
async function openReplaying() {
  const options = { dataDir: await makeDirectory(), segmentBytesMax: 65_536 };
  const open = async (): Promise<EmbeddedStore> => {
    const store = await openEventStore(options);
    onTestFinished(() => store.close());
    return store;
  };
  const store = await open();
  await store.consumers.create({ name: 'c', maxAttempts: 1, filter });
  await appendOrders(store, 3);
  const consumer = await store.consumers.get('c');
  for (const count of [1, 2, 3]) {
    const [delivery] = await consumer.pull({ member: 'm', limit: 1, waitMs: 5000 });
    await consumer.nack('m', [delivery?.event.position ?? 0], { reason: 'no' });
    await poll(async () => (await consumer.deadLetters()).length).toBe(count);
  }
  await consumer.replayDeadLetters();
  return { store, consumer, open };
}

/** Drops all orders there are. */
async function dropOrders(store: EmbeddedStore): Promise<void> {
  for (let i = 0; i < 100; i += 1) await store.append(newEvent('filler', 'x'.repeat(3000)));
  await poll(async () => (await store.dropBefore(60)).firstPosition).toBeGreaterThan(10);
}

/** It goes on with what comes next, and has no dead letters any more. */
async function expectToGoOn(consumer: Consumer, store: EmbeddedStore): Promise<void> {
  await appendOrders(store, 1);
  const got = await consumer.pull({ member: 'm', limit: 10, waitMs: 5000 });
  expect(got.map(({ event }) => event.payload)).toEqual([0]);
  expect(await consumer.deadLetters()).toEqual([]);
}

describe('replays whose events were dropped', () => {
  it('are dead letters no more, and hold up no member', async () => {
    const { store, consumer } = await openReplaying();
    await dropOrders(store);
    expect(await consumer.pull({ member: 'm', limit: 10, waitMs: 0 })).toEqual([]);
    await expectToGoOn(consumer, store);
  });

  it('hold up no member that reads texts', async () => {
    const { store } = await openReplaying();
    await dropOrders(store);
    const consumer = await store.consumers.get('c');
    expect(await consumer.wire.pull({ member: 'm', limit: 10, waitMs: 0 })).toEqual([]);
    await expectToGoOn(consumer, store);
  });

  it('end no handler', async () => {
    const { store, consumer } = await openReplaying();
    await consumer.leave('m');
    await dropOrders(store);
    const handled: unknown[] = [];
    const worker = await store.consumer('c', ({ payload }) => void handled.push(payload), {
      maxAttempts: 1,
      filter,
    });
    await appendOrders(store, 2);
    await poll(() => handled).toEqual([0, 1]);
    expect(await consumer.deadLetters()).toEqual([]);
    await worker.stop();
    await worker.done;
  });

  it('are none after a seek either, nor after opening again', async () => {
    const { store, consumer, open } = await openReplaying();
    await dropOrders(store);
    await store.consumers.seek('c', 'now');
    expect(await consumer.pull({ member: 'm', limit: 10, waitMs: 0 })).toEqual([]);
    expect(await consumer.deadLetters()).toEqual([]);
    await store.close();
    const again = await open();
    await expectToGoOn(await again.consumers.get('c'), again);
  });

  it('are none when they were dropped before the store was opened', async () => {
    const { store, open } = await openReplaying();
    await dropOrders(store);
    await store.close();
    const again = await open();
    const consumer = await again.consumers.get('c');
    expect(await consumer.pull({ member: 'm', limit: 10, waitMs: 0 })).toEqual([]);
    await expectToGoOn(consumer, again);
  });
});

it('tells where events were dropped that were read but not delivered, and goes on after a seek', async () => {
  const { store, consumer } = await openReplaying();
  const replays = await consumer.pull({ member: 'm', limit: 10, waitMs: 5000 });
  await consumer.ack(
    'm',
    replays.map(({ event }) => event.position),
  );
  await appendOrders(store, 2);
  const [first] = await consumer.pull({ member: 'm', limit: 1, waitMs: 5000 });
  await consumer.ack('m', [first?.event.position ?? 0]);
  await dropOrders(store);
  const pull = () => consumer.pull({ member: 'm', limit: 10, waitMs: 5000 });
  expect(await codeOf(pull)).toBe('events_dropped');
  expect((await consumer.info()).failure?.code).toBe('events_dropped');
  await store.consumers.seek('c', (await store.stats()).firstPosition);
  await expectToGoOn(consumer, store);
});

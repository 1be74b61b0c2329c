// A dead letter that was handled when it was delivered again, while events before it are still open.
import { expect, it, onTestFinished } from 'vitest';
import { openEventStore } from '../../src/index.js';
import type { Consumer, EmbeddedStore } from '../../src/index.js';
import { makeDirectory, newEvent } from '../support/store.js';

const poll = (read: () => unknown) => expect.poll(read, { timeout: 20_000, interval: 2 });
const filter = { entityId: 'o' };

async function positionsOf(consumer: Consumer): Promise<number[]> {
  const got = await consumer.pull({ member: 'm', limit: 10, waitMs: 1000 });
  return got.map(({ event }) => event.position);
}

/** Of two events the second was a dead letter and is handled; the first was not acknowledged. */
async function openResolved() {
  const dataDir = await makeDirectory();
  const open = async (): Promise<{ store: EmbeddedStore; consumer: Consumer }> => {
    const store = await openEventStore({ dataDir });
    onTestFinished(() => store.close());
    await store.consumers.create({ name: 'c', maxAttempts: 1, filter });
    return { store, consumer: await store.consumers.get('c') };
  };
  const { store, consumer } = await open();
  await store.appendBatch([1, 2].map((i) => newEvent('o', i)));
  const [first = 0, second = 0] = await positionsOf(consumer);
  await consumer.nack('m', [second], { reason: 'no' });
  await poll(async () => (await consumer.deadLetters()).length).toBe(1);
  await consumer.replayDeadLetters();
  expect(await positionsOf(consumer)).toEqual([second]);
  expect(await consumer.ack('m', [second])).toEqual({ acknowledged: 1, stale: [] });
  return { store, first, second, open };
}

it('does not come once more after opening again', async () => {
  const { store, first, open } = await openResolved();
  await store.close();
  const { consumer } = await open();
  expect(await positionsOf(consumer)).toEqual([first]);
});

it('comes again after a seek, also after opening again', async () => {
  const { store, first, second, open } = await openResolved();
  await store.consumers.seek('c', 'beginning');
  expect(await positionsOf(await store.consumers.get('c'))).toEqual([first, second]);
  await store.close();
  const { consumer } = await open();
  expect(await positionsOf(consumer)).toEqual([first, second]);
});

it('comes again after a seek long after all was done', async () => {
  const { store, first, second, open } = await openResolved();
  const consumer = await store.consumers.get('c');
  await consumer.ack('m', [first]);
  await store.close();
  const later = await open();
  await later.store.consumers.seek('c', 'beginning');
  await later.store.close();
  const last = await open();
  expect(await positionsOf(last.consumer)).toEqual([first, second]);
});

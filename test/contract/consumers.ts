import { describe, expect, it, vi } from 'vitest';
import type { ConsumerDelivery } from '../../src/index.js';
import { codeOf, collect, newEvent, wrong } from '../support/store.js';
import type { StoreMode } from '../support/store.js';

const poll = (check: () => unknown) => vi.waitUntil(check, { timeout: 10_000, interval: 5 });
const positionsOf = (deliveries: readonly ConsumerDelivery[]): number[] =>
  deliveries.map(({ event }) => event.position);

export function describeConsumers(mode: StoreMode): void {
  describeManaging(mode);
  describeMembers(mode);
  describeHandlers(mode);
}

function describeManaging(mode: StoreMode): void {
  describe('consumers', () => {
    it('are made, listed, looked at and deleted', async () => {
      const store = await mode.open();
      const filter = {
        eventTypePrefix: 'thing.',
        tags: ['x'],
        match: [{ entityIds: ['a', 'b'] }, { eventTypes: ['thing.done'] }],
      };
      const options = { name: 'c', filter, maxInFlight: 7, ackTimeoutMs: 1500, maxAttempts: 3 };
      const made = await store.consumers.create(options);
      expect(made).toMatchObject({ ...options, tenantId: 'default', start: 0, cursor: 0 });
      expect(made).toMatchObject({ members: [], failure: null, lastDeliveryAt: null });
      await store.consumers.create({ name: 'other', tenantId: 'two' });
      // Whatever is recorded takes positions, which the consumer is behind by.
      const same = { ...made, lag: expect.any(Number) as number };
      expect(await store.consumers.list()).toEqual([same]);
      expect(await (await store.consumers.get('c')).info()).toEqual(same);
      expect(await store.consumers.create(options)).toEqual(same);
      const different = { ...options, maxAttempts: 4 };
      expect(await codeOf(() => store.consumers.create(different))).toBe('consumer_exists');
      await store.consumers.delete('c');
      expect(await store.consumers.list()).toEqual([]);
      for (const gone of [
        () => store.consumers.get('c'),
        () => store.consumers.delete('c'),
        () => store.consumers.seek('c', 'now'),
        () => store.consumers.get('other'),
      ]) {
        expect(await codeOf(gone)).toBe('consumer_not_found');
      }
    });

    it.each([
      { name: '' },
      { name: 'a b' },
      { name: 'c', maxInFlight: 0 },
      { name: 'c', ackTimeoutMs: 1.5 },
      { name: 'c', maxAttempts: 'x' },
      { name: 'c', colour: 'red' },
    ])('refuse %j', async (options) => {
      const store = await mode.open();
      expect(await codeOf(() => store.consumers.create(wrong(options)))).toBe('validation_error');
      expect(await store.consumers.list()).toEqual([]);
    });
  });
}

function describeMembers(mode: StoreMode): void {
  describe('members of a consumer', () => {
    it('pull what matches, in order, and acknowledge', async () => {
      const store = await mode.open();
      await store.consumers.create({ name: 'c', filter: { entityId: 'a' } });
      const consumer = await store.consumers.get('c');
      await store.appendBatch(Array.from({ length: 9 }, (_, i) => newEvent('abc'[i % 3] ?? '', i)));
      const pulled = await consumer.pull({ member: 'm', limit: 10, waitMs: 5000 });
      expect(pulled.map(({ event }) => event)).toEqual(
        await collect(store.read({ entityId: 'a' })),
      );
      expect(pulled.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
      expect(await consumer.pull({ member: 'm', limit: 10, waitMs: 0 })).toEqual([]);
      expect(await consumer.ack('m', positionsOf(pulled))).toEqual({ acknowledged: 3, stale: [] });
      const again = { acknowledged: 0, stale: positionsOf(pulled) };
      expect(await consumer.ack('m', positionsOf(pulled))).toEqual(again);
      await poll(async () => (await consumer.info()).inFlight === 0);
      expect(await consumer.info()).toMatchObject({
        deadLetters: 0,
        acknowledged: 3,
        delivered: 3,
      });
    });

    it('wait for events, and get them as they come', async () => {
      const store = await mode.open();
      await store.consumers.create({ name: 'c' });
      const consumer = await store.consumers.get('c');
      const pulling = consumer.pull({ member: 'm', limit: 1, waitMs: 20_000 });
      await store.append(newEvent('a'));
      expect(await pulling).toHaveLength(1);
      const stop = new AbortController();
      const waiting = { member: 'm', limit: 1, waitMs: 20_000, signal: stop.signal };
      const ended = consumer.pull(waiting).then(
        (got) => got.length,
        () => 0,
      );
      stop.abort();
      expect(await ended).toBe(0);
    });

    it('refuse events, which come again and become dead letters, until they are replayed', async () => {
      const store = await mode.open();
      await store.consumers.create({ name: 'c', maxAttempts: 2 });
      const consumer = await store.consumers.get('c');
      const { position } = await store.append(newEvent('a'));
      for (const attempt of [1, 2]) {
        const [delivery] = await consumer.pull({ member: 'm', limit: 1, waitMs: 5000 });
        expect(delivery).toMatchObject({ attempt, event: { position } });
        await consumer.nack('m', [position], { reason: `no ${attempt}`, delayMs: 0 });
      }
      await poll(async () => (await consumer.deadLetters()).length === 1);
      const letter = { position, attempts: 2, reason: 'no 2', isReplayed: false };
      const [found] = await consumer.deadLetters();
      expect(found).toMatchObject(letter);
      expect(found?.partition).toBe((await collect(store.read()))[0]?.partition);
      expect(await codeOf(() => consumer.replayDeadLetters([99]))).toBe('dead_letter_not_found');
      expect(await consumer.replayDeadLetters()).toBe(1);
      const [again] = await consumer.pull({ member: 'm', limit: 1, waitMs: 5000 });
      expect(again).toMatchObject({ event: { position } });
      await consumer.ack('m', [position]);
      expect(await consumer.deadLetters()).toEqual([]);
    });

    it('leave, and what they hold goes to others', async () => {
      const store = await mode.open();
      await store.consumers.create({ name: 'c' });
      const consumer = await store.consumers.get('c');
      await store.appendBatch([newEvent('a', 1), newEvent('a', 2)]);
      const held = await consumer.pull({ member: 'one', limit: 9, waitMs: 5000 });
      expect(held).toHaveLength(2);
      await consumer.leave('one');
      expect(await consumer.pull({ member: 'two', limit: 9, waitMs: 5000 })).toEqual(held);
    });

    it('begin anew where the consumer is sought', async () => {
      const store = await mode.open();
      await store.consumers.create({ name: 'c', from: 'now' });
      const consumer = await store.consumers.get('c');
      const { firstPosition } = await store.appendBatch([newEvent('a', 1), newEvent('a', 2)]);
      const first = await consumer.pull({ member: 'm', limit: 9, waitMs: 5000 });
      await consumer.ack('m', positionsOf(first));
      const info = await store.consumers.seek('c', firstPosition + 1);
      expect(info).toMatchObject({ cursor: firstPosition });
      const again = await consumer.pull({ member: 'm', limit: 9, waitMs: 5000 });
      expect(positionsOf(again)).toEqual([firstPosition + 1]);
      expect(await codeOf(() => store.consumers.seek('c', wrong('end')))).toBe('invalid_query');
    });
  });
}

function describeHandlers(mode: StoreMode): void {
  describe('handlers', () => {
    it('are called once for each event, and what they append is there once', async () => {
      const store = await mode.open();
      const events = Array.from({ length: 40 }, (_, i) => newEvent(`e${i % 5}`, i));
      await store.appendBatch(events.slice(0, 20));
      const seen: unknown[] = [];
      const worker = await store.consumer(
        'c',
        (event, { append }) => {
          seen.push(event.payload);
          append({ eventType: 'thing.seen', entityId: event.entityId, payload: event.payload });
        },
        { filter: { eventType: 'thing.done' } },
      );
      await store.appendBatch(events.slice(20));
      const echoes = async () => collect(store.read({ eventType: 'thing.seen' }));
      await poll(async () => (await echoes()).length === 40);
      await worker.stop();
      const numbers = (values: unknown[]) => values.map(Number).sort((a, b) => a - b);
      expect(numbers(seen)).toEqual(events.map((_, i) => i));
      expect(numbers((await echoes()).map(({ payload }) => payload))).toEqual(numbers(seen));
      for (const entityId of ['e0', 'e4']) {
        const order = (await echoes()).filter((event) => event.entityId === entityId);
        expect(order.map(({ payload }) => payload)).toEqual(numbers(order.map((e) => e.payload)));
      }
    });

    it('that fail are called again, and what never works becomes a dead letter', async () => {
      const store = await mode.open();
      await store.appendBatch([newEvent('a', 'bad'), newEvent('b', 'good')]);
      const attempts: number[] = [];
      const worker = await store.consumer(
        'c',
        (event, { attempt }) => {
          if (event.payload !== 'bad') return;
          attempts.push(attempt);
          throw new Error('does not work');
        },
        { maxAttempts: 1 },
      );
      const consumer = await store.consumers.get('c');
      await poll(async () => (await consumer.deadLetters()).length === 1);
      expect((await consumer.deadLetters())[0]).toMatchObject({ reason: 'does not work' });
      expect(attempts).toEqual([1]);
      await worker.stop();
      await worker.done;
    });

    it.each([{ concurrency: 0 }, { concurrency: 33 }, { maxAttempts: 0 }])(
      'are not started with %j',
      async (options) => {
        const store = await mode.open();
        const start = () => store.consumer('c', () => undefined, options);
        expect(await codeOf(start)).toBe('validation_error');
      },
    );
  });
}

import { describe, expect, it } from 'vitest';
import type { EventBatch, EmbeddedStore, SubscribeOptions } from '../../src/index.js';
import { codeOf, collect, newEvent, take, wrong } from '../support/store.js';
import type { StoreMode } from '../support/store.js';

async function positions(
  store: EmbeddedStore,
  options: SubscribeOptions,
  count: number,
): Promise<number[]> {
  return (await take(store.subscribe(options).events(), count)).map(({ position }) => position);
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

async function appendMany(store: EmbeddedStore, writers: number, each: number): Promise<void> {
  const write = async (writer: number): Promise<void> => {
    for (let i = 0; i < each; i++) await store.append(newEvent(`e${writer}`, i));
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
}

type Batches = AsyncIterator<EventBatch, undefined>;

function batchesOf(store: EmbeddedStore, options: SubscribeOptions): Batches {
  return store.subscribe(options)[Symbol.asyncIterator]();
}

function summary({ value }: IteratorResult<EventBatch, undefined>): unknown {
  return value && { events: value.events.length, position: value.position, mark: value.mark };
}

export function describeSubscriptions(mode: StoreMode): void {
  describe('subscribe', () => {
    it('catches up and goes live without a gap or a repeat under concurrent appends', async () => {
      const store = await mode.open();
      await appendMany(store, 1, 300);
      const early = positions(store, { from: 'beginning' }, 1500);
      const writing = appendMany(store, 8, 150);
      const late = positions(store, { from: 'beginning' }, 1500);
      const middle = positions(store, { from: 200 }, 1301);
      await writing;
      expect(await early).toEqual(range(1, 1500));
      expect(await late).toEqual(range(1, 1500));
      expect(await middle).toEqual(range(200, 1500));
    });

    it('begins by default with what comes after the call', async () => {
      const store = await mode.open();
      await appendMany(store, 1, 5);
      const byDefault = positions(store, {}, 2);
      const now = positions(store, { from: 'now' }, 2);
      await appendMany(store, 1, 2);
      expect(await byDefault).toEqual([6, 7]);
      expect(await now).toEqual([6, 7]);
    });

    it('waits for a position that is not there yet', async () => {
      const store = await mode.open();
      const future = positions(store, { from: 4 }, 2);
      await appendMany(store, 1, 6);
      expect(await future).toEqual([4, 5]);
      expect(await positions(store, { from: 0 }, 2)).toEqual([1, 2]);
    });

    it('applies its filter to history and to what is live', async () => {
      const store = await mode.open();
      const events = range(1, 400).map((i) =>
        newEvent(`e${i % 3}`, i, {
          eventType: i % 2 === 0 ? 'a.even' : 'a.odd',
          tenantId: i % 5 === 0 ? 'two' : 'default',
        }),
      );
      await store.appendBatch(events.slice(0, 200));
      const wanted = events.flatMap(({ tenantId, entityId, eventType }, i) =>
        tenantId === 'default' && entityId === 'e1' && eventType === 'a.even' ? [i + 1] : [],
      );
      const filter = { entityId: 'e1', eventType: 'a.even' };
      const seen = positions(store, { from: 'beginning', filter }, wanted.length);
      for (const event of events.slice(200)) await store.append(event);
      expect(await seen).toEqual(wanted);
    });

    it('shows nothing beyond the watermark', async () => {
      const store = await mode.open();
      const appends = Promise.all(range(1, 500).map((i) => store.append(newEvent('a', i))));
      let ahead = 0;
      for await (const { position } of store.subscribe({ from: 'beginning' }).events()) {
        if (position > store.watermark) ahead += 1;
        if (position === 500) break;
      }
      await appends;
      expect(ahead).toBe(0);
    });

    it('begins at a time', async () => {
      const store = await mode.open();
      await appendMany(store, 1, 4);
      await new Promise((resolve) => setTimeout(resolve, 2));
      const timestamp = Date.now() * 1000;
      const fromThen = { from: { timestamp } };
      const early = positions(store, fromThen, 3);
      await appendMany(store, 1, 3);
      expect(await early).toEqual([5, 6, 7]);
      expect(await positions(store, fromThen, 3)).toEqual([5, 6, 7]);
      const text = { from: { timestamp: new Date(0).toISOString() } };
      expect(await positions(store, text, 1)).toEqual([1]);
    });

    it('ends without an error on abort, whatever it was doing', async () => {
      const store = await mode.open();
      await appendMany(store, 1, 3);
      const waiting = new AbortController();
      const quiet = collect(store.subscribe({ from: 'now', signal: waiting.signal }).events());
      waiting.abort();
      expect(await quiet).toEqual([]);
      const reading = new AbortController();
      const seen = [];
      for await (const event of store
        .subscribe({ from: 'beginning', signal: reading.signal })
        .events()) {
        seen.push(event.position);
        if (seen.length === 2) reading.abort();
      }
      expect(seen).toEqual([1, 2]);
      const gone = AbortSignal.abort();
      expect(await collect(store.subscribe({ from: 'beginning', signal: gone }))).toEqual([]);
    });

    it('ends when the store closes', async () => {
      const store = await mode.open();
      const seen = collect(store.subscribe({ from: 'beginning' }).events());
      await appendMany(store, 1, 3);
      await store.close();
      expect((await seen).length).toBeLessThanOrEqual(3);
    });

    it.each([
      { from: -1 },
      { from: 1.5 },
      { from: 'end' },
      { from: {} },
      { from: null },
      { from: { timestamp: 'x' } },
      { tenantId: 5 },
      { since: 'x' },
      { filter: { since: 1 } },
      { filter: { entityId: 5 } },
    ])('refuses %j', async (options) => {
      const store = await mode.open();
      expect(await codeOf(() => store.subscribe(wrong(options)))).toBe('invalid_query');
    });
  });

  describe('batches of a subscription', () => {
    const filter = { entityId: 'wanted' };
    // Over a network a batch is what came in one piece: test/client says what is promised there.
    const embeddedOnly = (name: string, test: () => Promise<void>): void => {
      if (mode.isRemote !== true) it(name, test);
    };

    embeddedOnly('tell when it has caught up, with what and up to where', async () => {
      const store = await mode.open();
      await appendMany(store, 1, 300);
      const batches = batchesOf(store, { from: 'beginning' });
      const [first, second] = [await batches.next(), await batches.next()];
      expect(summary(first)).toEqual({ events: 256, position: 256, mark: null });
      expect(summary(second)).toEqual({ events: 44, position: 300, mark: 'caughtUp' });
      const live = batches.next();
      await appendMany(store, 1, 1);
      expect(summary(await live)).toEqual({ events: 1, position: 301, mark: null });
    });

    it('tell at once where there is nothing to catch up with', async () => {
      const store = await mode.open();
      const none = { events: 0, mark: 'caughtUp' };
      expect(summary(await batchesOf(store, {}).next())).toEqual({ ...none, position: 0 });
      await appendMany(store, 1, 3);
      expect(summary(await batchesOf(store, {}).next())).toEqual({ ...none, position: 3 });
      const future = batchesOf(store, { from: 9 });
      expect(summary(await future.next())).toEqual({ ...none, position: 8 });
      const noMatch = batchesOf(store, { from: 'beginning', filter });
      expect(summary(await noMatch.next())).toEqual({ ...none, position: 3 });
    });

    it('checkpoint ranges without a match, also when the log is quiet afterwards', async () => {
      const store = await mode.open();
      const batches = batchesOf(store, { from: 'beginning', filter });
      expect(summary(await batches.next())).toMatchObject({ mark: 'caughtUp' });
      const checkpoint = batches.next();
      await appendMany(store, 4, 50);
      expect(summary(await checkpoint)).toMatchObject({ events: 0, mark: null });
      const last = batches.next();
      await store.append(newEvent('wanted', 1));
      expect(summary(await last)).toEqual({ events: 1, position: 201, mark: null });
    });

    embeddedOnly('say when a reader fell behind, and when it is live again', async () => {
      const store = await mode.open();
      const batches = batchesOf(store, {});
      await batches.next();
      await appendMany(store, 1, 600);
      expect(summary(await batches.next())).toEqual({ events: 256, position: 256, mark: null });
      await new Promise((resolve) => setTimeout(resolve, 1100));
      const behind = { events: 256, position: 512, mark: 'fellBehind' };
      expect(summary(await batches.next())).toEqual(behind);
      const again = { events: 88, position: 600, mark: 'caughtUp' };
      expect(summary(await batches.next())).toEqual(again);
    });

    it('are bounded in bytes, but for one event', async () => {
      const store = await mode.open();
      const payload = 'x'.repeat(400_000);
      await store.appendBatch(range(1, 7).map((i) => newEvent('a', payload + i)));
      await store.append(newEvent('a', 'x'.repeat(2_000_000)));
      await store.append(newEvent('a', 1));
      const batches = batchesOf(store, { from: 'beginning' });
      const sizes: number[] = [];
      while (sizes.reduce((sum, size) => sum + size, 0) < 9) {
        sizes.push((await batches.next()).value?.events.length ?? 0);
      }
      expect(sizes).toEqual([2, 2, 2, 1, 1, 1]);
      const read = await collect(store.read());
      expect(read.map(({ position }) => position)).toEqual(range(1, 9));
    });
  });

  describe('waitForWatermark', () => {
    it('resolves once the position is durable', async () => {
      const store = await mode.open();
      const reached = store.waitForWatermark(3);
      await appendMany(store, 1, 3);
      await reached;
      await store.waitForWatermark(0);
      expect(await codeOf(() => store.waitForWatermark(NaN))).toBe('invalid_query');
    });

    if (mode.isRemote === true) return;
    it('rejects on abort and on close', async () => {
      const store = await mode.open();
      const controller = new AbortController();
      const aborted = codeOf(() => store.waitForWatermark(1, controller.signal));
      const closed = codeOf(() => store.waitForWatermark(1));
      controller.abort();
      expect(await aborted).toBe('aborted');
      expect(await codeOf(() => store.waitForWatermark(1, AbortSignal.abort()))).toBe('aborted');
      await store.close();
      expect(await closed).toBe('store_closed');
      expect(await codeOf(() => store.waitForWatermark(1))).toBe('store_closed');
    });
  });
}

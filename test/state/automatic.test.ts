// Snapshots that the store makes by itself.
import { describe, expect, it } from 'vitest';
import { defineReducer, openEventStore } from '../../src/index.js';
import type { EmbeddedStore, SnapshotInfo } from '../../src/index.js';
import { codeOf, makeDirectory, newEvent, openStore } from '../support/store.js';

const poll = (read: () => unknown) => expect.poll(read, { timeout: 20_000, interval: 2 });

const counter = (version: number) =>
  defineReducer<{ count: number }>({
    entityType: 'counter',
    version,
    init: () => ({ count: 0 }),
    on: { 'thing.done': ({ count }) => ({ count: count + version }) },
  });

async function appendSome(store: EmbeddedStore, entityId: string, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await store.append(newEvent(entityId, { i }));
}

async function snapshotsOf(
  store: EmbeddedStore,
  entityId: string,
  tenantId?: string,
): Promise<readonly SnapshotInfo[]> {
  return (await store.snapshots.list({ entityId, tenantId })).snapshots;
}

const summaryOf = async (store: EmbeddedStore, entityId: string) =>
  (await snapshotsOf(store, entityId)).map(
    ({ eventCount, snapshotType, stateOf }) => `${snapshotType} ${stateOf} ${eventCount}`,
  );

/** Lets the store do what it may do by itself: what it does for another entity is behind it. */
async function settle(store: EmbeddedStore, eventThreshold: number): Promise<void> {
  const entityId = `settled-${(await store.stats()).totalEvents}`;
  await appendSome(store, entityId, eventThreshold);
  await poll(() => snapshotsOf(store, entityId)).toHaveLength(1);
}

describe('automatic snapshots', () => {
  it('are made of an entity each time that it has so many events more', async () => {
    const store = await openStore({ memory: true, snapshots: { eventThreshold: 5 } });
    await appendSome(store, 'e', 4);
    await settle(store, 5);
    expect(await summaryOf(store, 'e')).toEqual([]);
    await appendSome(store, 'e', 1);
    await poll(() => summaryOf(store, 'e')).toEqual(['automatic shallow 5']);
    await appendSome(store, 'e', 5);
    await poll(() => summaryOf(store, 'e')).toEqual([
      'automatic shallow 10',
      'automatic shallow 5',
    ]);
    expect(await store.snapshots.latest('e')).toMatchObject({ state: { i: 4 } });
    await poll(() => store.snapshots.counters().created).toBe(3);
    expect(store.snapshots.counters().failed).toBe(0);
    expect(store.snapshots.counters().seconds).toBeGreaterThan(0);
  });

  it('are made of the entities of all tenants, and one for a batch of many events', async () => {
    const store = await openStore({ memory: true, snapshots: { eventThreshold: 5 } });
    const batch = Array.from({ length: 23 }, (_, i) => newEvent('e', { i }));
    await store.appendBatch(batch, { tenantId: 'two' });
    await poll(() => snapshotsOf(store, 'e', 'two')).toHaveLength(1);
    await settle(store, 5);
    expect(await snapshotsOf(store, 'e', 'two')).toMatchObject([{ eventCount: 23 }]);
    expect(await snapshotsOf(store, 'e')).toEqual([]);
  });

  it('are made of each entity of a large batch of large events', async () => {
    const store = await openStore({ memory: true, snapshots: { eventThreshold: 2 } });
    const text = 'x'.repeat(50_000);
    const batch = Array.from({ length: 120 }, (_, i) => newEvent(`e${i % 60}`, { text }));
    await store.appendBatch(batch);
    await poll(() => store.snapshots.counters().created).toBe(60);
  });

  it('are of what the reducer makes, where there is one', async () => {
    const reducers = [counter(1)];
    const store = await openStore({ memory: true, reducers, snapshots: { eventThreshold: 5 } });
    await appendSome(store, 'counter-1', 5);
    await poll(() => summaryOf(store, 'counter-1')).toEqual(['automatic counter.1 5']);
    expect(await store.snapshots.latest('counter-1')).toMatchObject({ state: { count: 5 } });
    await appendSome(store, 'counter-1', 1);
    expect((await store.state('counter-1')).currentState).toEqual({ count: 6 });
    expect((await store.state('counter-1', { version: 5 })).currentState).toEqual({ count: 5 });
  });

  it('are made after a state that took many events, of its own kind', async () => {
    const dataDir = await makeDirectory();
    const before = await openEventStore({ dataDir, snapshots: { automatic: false } });
    await appendSome(before, 'e', 12);
    await appendSome(before, 'counter-1', 12);
    await before.close();
    const store = await openStore({
      dataDir,
      reducers: [counter(1)],
      snapshots: { eventThreshold: 10 },
    });
    await store.state('e', { version: 11 });
    await store.state('e', { merge: 'deep' });
    await poll(() => summaryOf(store, 'e')).toEqual(['ondemand deep 12']);
    await store.state('e', { historyLimit: 0 });
    await poll(() => summaryOf(store, 'e')).toEqual(['ondemand shallow 12', 'ondemand deep 12']);
    await store.stateOf(counter(7), 'counter-1');
    await store.stateOf(counter(1), 'counter-1', { version: 12 });
    await store.state('e');
    expect(await summaryOf(store, 'counter-1')).toEqual([]);
    await store.state('counter-1');
    await poll(() => summaryOf(store, 'counter-1')).toEqual(['ondemand counter.1 12']);
    // Now it is quick.
    await store.state('counter-1');
    await store.wire.state('counter-1', {});
    await settle(store, 10);
    expect(await summaryOf(store, 'counter-1')).toHaveLength(1);
  });

  it('are none where they are turned off, but for those that are asked for', async () => {
    const snapshots = { automatic: false, eventThreshold: 2, timeThresholdSeconds: 1 };
    const store = await openStore({ memory: true, snapshots });
    await appendSome(store, 'e', 10);
    await store.state('e');
    expect(store.counters().watermark).toBe(10);
    await store.snapshots.create('e');
    await appendSome(store, 'e', 1);
    expect(await store.state('e')).toMatchObject({ version: 11 });
    expect(await summaryOf(store, 'e')).toEqual(['manual shallow 10']);
    expect(store.snapshots.counters()).toMatchObject({ created: 1 });
  });

  it.each(['manual', 'automatic'] as const)(
    'are made of an entity whose %s snapshot is old, once it has newer events',
    async (first) => {
      const snapshots = { eventThreshold: first === 'manual' ? 100 : 4, timeThresholdSeconds: 1 };
      const store = await openStore({ memory: true, snapshots });
      await appendSome(store, 'e', 4);
      if (first === 'manual') await store.snapshots.create('e');
      await poll(() => summaryOf(store, 'e')).toEqual([`${first} shallow 4`]);
      await appendSome(store, 'e', 1);
      const expected = ['automatic shallow 5', `${first} shallow 4`];
      await poll(() => summaryOf(store, 'e')).toEqual(expected);
      // Without newer events there is no other one.
      await new Promise((resolve) => setTimeout(resolve, 1500));
      expect(await summaryOf(store, 'e')).toEqual(expected);
    },
  );

  it('of another version of the reducer are not used', async () => {
    const dataDir = await makeDirectory();
    const open = (version: number) =>
      openEventStore({ dataDir, reducers: [counter(version)], snapshots: { eventThreshold: 5 } });
    const before = await open(1);
    await appendSome(before, 'counter-1', 5);
    await poll(() => summaryOf(before, 'counter-1')).toEqual(['automatic counter.1 5']);
    await before.close();
    const after = await open(2);
    expect((await after.state('counter-1')).currentState).toEqual({ count: 10 });
    await poll(() => summaryOf(after, 'counter-1')).toEqual([
      'ondemand counter.2 5',
      'automatic counter.1 5',
    ]);
    expect((await after.stateOf(counter(1), 'counter-1')).state).toEqual({ count: 5 });
    await after.close();
    const back = await open(1);
    expect((await back.state('counter-1')).currentState).toEqual({ count: 5 });
    await back.close();
  });

  it('that can not be made are counted, and hold up nothing', async () => {
    const failing = defineReducer({
      entityType: 'failing',
      version: 1,
      init: () => ({}),
      on: {
        'thing.done': () => {
          throw new Error('never');
        },
      },
    });
    const odd = defineReducer({
      entityType: 'odd',
      version: 1,
      init: () => ({}),
      on: { 'thing.done': () => ({ at: new Date(0) }) },
    });
    const reducers = [failing, odd];
    const store = await openStore({ memory: true, reducers, snapshots: { eventThreshold: 2 } });
    await appendSome(store, 'failing-1', 2);
    await poll(() => store.snapshots.counters().failed).toBe(1);
    await appendSome(store, 'odd-1', 2);
    await poll(() => store.snapshots.counters().failed).toBe(2);
    await settle(store, 2);
    await poll(() => store.snapshots.counters().created).toBe(1);
    expect(store.snapshots.counters().failed).toBe(2);
    expect(await codeOf(() => store.state('failing-1'))).toBe('unprocessable');
    expect(await codeOf(() => store.snapshots.create('odd-1'))).toBe('unprocessable');
    // What is asked for and fails is the caller's to count.
    expect(store.snapshots.counters().failed).toBe(2);
  });

  it('end with the store, also where many are due', async () => {
    const dataDir = await makeDirectory();
    const store = await openEventStore({ dataDir, snapshots: { eventThreshold: 2 } });
    const batch = Array.from({ length: 4000 }, (_, i) => newEvent(`e${i % 2000}`, { i }));
    await store.appendBatch(batch);
    await poll(() => store.snapshots.counters().created).toBeGreaterThan(0);
    await store.close();
    expect(store.snapshots.counters().failed).toBe(0);
    expect(await codeOf(() => store.snapshots.create('e0'))).toBe('store_closed');
    const again = await openStore({ dataDir, snapshots: { automatic: false } });
    const list = await again.snapshots.list({ limit: 10_000 });
    expect(list.snapshots).toHaveLength(store.snapshots.counters().created);
    expect((await again.verify()).ok).toBe(true);
  });

  it('are made also while appends come without an end', async () => {
    const store = await openStore({ memory: true, snapshots: { eventThreshold: 2 } });
    let going = true;
    const appends = (async () => {
      for (let i = 0; going; i += 1) await store.append(newEvent(`e${i % 500}`, { i }));
    })();
    await poll(() => store.snapshots.counters().created).toBeGreaterThan(20);
    going = false;
    await appends;
  });
});

// Snapshots as they lie in the log: after opening again, beside dropped events, for readers.
import { describe, expect, it, vi } from 'vitest';
import { defineReducer, openEventStore } from '../../src/index.js';
import type { EmbeddedStore } from '../../src/index.js';
import { codeOf, makeDirectory, newEvent, openStore } from '../support/store.js';

let applied = 0;
const counter = defineReducer<{ count: number }>({
  entityType: 'counter',
  version: 1,
  init: () => ({ count: 0 }),
  on: {
    'thing.done': (state) => {
      applied += 1;
      state.count += 1;
      return state;
    },
  },
});
const manual = { reducers: [counter], snapshots: { automatic: false } } as const;

async function appendSome(store: EmbeddedStore, entityId: string, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await store.append(newEvent(entityId, { i, [`k${i}`]: i }));
}

/** Events that the reducer was given by a call. */
async function appliedBy(call: () => Promise<unknown>): Promise<number> {
  const before = applied;
  await call();
  return applied - before;
}

/** Fills segments of 64 KiB, and drops those before a position. */
async function dropBefore(store: EmbeddedStore, position: number): Promise<void> {
  for (let i = 0; i < 100; i += 1) await store.append(newEvent('filler', 'x'.repeat(3000)));
  const dropped = async () => (await store.dropBefore(position)).firstPosition;
  await vi.waitUntil(async () => (await dropped()) > position - 30, { timeout: 20_000 });
}

describe('a store that is opened again', () => {
  it('goes on from the snapshots that it has', async () => {
    const dataDir = await makeDirectory();
    const store = await openEventStore({ dataDir, ...manual });
    await appendSome(store, 'counter-1', 20);
    await store.snapshots.create('counter-1');
    await appendSome(store, 'counter-1', 3);
    await store.close();
    const again = await openStore({ dataDir, ...manual });
    const read = async () => {
      expect((await again.stateOf(counter, 'counter-1')).state).toEqual({ count: 23 });
    };
    expect(await appliedBy(read)).toBe(3);
    const before = () => again.stateOf(counter, 'counter-1', { version: 19 });
    expect(await appliedBy(before)).toBe(19);
    expect(await appliedBy(() => again.stateOf(counter, 'counter-1', { version: 21 }))).toBe(1);
    expect((await again.snapshots.latest('counter-1')).state).toEqual({ count: 20 });
  });

  it('reads with snapshots and makes none where it is read-only', async () => {
    const dataDir = await makeDirectory();
    const store = await openStore({ dataDir, ...manual });
    await appendSome(store, 'counter-1', 20);
    await store.snapshots.create('counter-1');
    await appendSome(store, 'e', 20);
    const reader = await openStore({
      dataDir,
      readOnly: true,
      reducers: [counter],
      snapshots: { eventThreshold: 2, timeThresholdSeconds: 1 },
    });
    expect(await appliedBy(() => reader.stateOf(counter, 'counter-1'))).toBe(0);
    expect((await reader.state('e')).version).toBe(20);
    expect((await reader.snapshots.list()).snapshots).toHaveLength(1);
    expect((await reader.snapshots.latest('counter-1')).eventCount).toBe(20);
    expect(await codeOf(() => reader.snapshots.create('e'))).toBe('storage_unavailable');
    expect(reader.snapshots.counters()).toEqual({ created: 0, failed: 0, seconds: 0 });
    expect(reader.snapshots.total()).toBe(1);
  });
});

describe('a store whose first events were dropped', () => {
  it('has the states of snapshots that lie behind the drop', async () => {
    const dataDir = await makeDirectory();
    const options = { dataDir, segmentBytesMax: 65_536, ...manual };
    const store = await openEventStore(options);
    await appendSome(store, 'counter-1', 20);
    await appendSome(store, 'e', 20);
    await appendSome(store, 'lost', 2);
    await store.snapshots.create('lost');
    for (let i = 0; i < 100; i += 1) await store.append(newEvent('filler', 'x'.repeat(3000)));
    const expected = await store.state('e', { historyLimit: 0 });
    const snapshots = [
      await store.snapshots.create('e'),
      await store.snapshots.create('counter-1'),
    ];
    await dropBefore(store, 100);

    const check = async (of: EmbeddedStore): Promise<void> => {
      expect(await of.state('e', { historyLimit: 0 })).toEqual(expected);
      expect((await of.state('e')).history).toEqual([]);
      expect((await of.stateOf(counter, 'counter-1')).state).toEqual({ count: 20 });
      expect((await of.state('counter-1')).currentState).toEqual({ count: 20 });
      expect((await of.snapshots.list()).snapshots).toEqual([...snapshots].reverse());
      for (const call of [
        () => of.state('e', { merge: 'deep' }),
        () => of.state('e', { version: 20 }),
        () => of.stateOf(counter, 'e'),
        () => of.stateOf(counter, 'counter-1', { version: 5 }),
        () => of.state('lost'),
        () => of.snapshots.create('lost'),
      ]) {
        expect(await codeOf(call)).toBe('events_dropped');
      }
      expect(await codeOf(() => of.snapshots.latest('lost'))).toBe('snapshot_not_found');
    };
    await check(store);
    await store.close();
    const again = await openStore(options);
    await check(again);
    await appendSome(again, 'e', 1);
    expect(await again.state('e')).toMatchObject({ version: 21, eventCount: 21 });
    expect((await again.state('e', { version: 21 })).history).toHaveLength(1);
    expect((await again.snapshots.create('e')).eventCount).toBe(21);
  });
});

import { describe, expect, it } from 'vitest';
import { errorOf, makeDirectory, openStore, waitUntil, wrong } from '../support/store.js';
import { openEventStore } from '../../src/index.js';

const second = 1_000_000;
const begin = 1_767_225_600 * second;

/** A clock that stands still until it is set. */
const makeClock = () => ({ micros: begin, now: () => clock.micros });
let clock: { micros: number; now: () => number };

const thing = { eventType: 'thing.done', entityId: 'a', payload: {} };

describe('a store with a clock of its own', () => {
  it('gives its time to single appends and batches', async () => {
    clock = makeClock();
    const store = await openStore({ memory: true, clock });
    expect((await store.append(thing)).timestamp).toBe(begin);
    clock.micros += 90 * second;
    const { results } = await store.appendBatch([thing, thing]);
    expect(results.map(({ timestamp }) => timestamp)).toEqual(Array(2).fill(begin + 90 * second));
    const [event] = (await store.readPage({ since: '2026-01-01T00:01:30Z' })).events;
    expect(event?.timestamp).toBe(begin + 90 * second);
  });

  it('travels in time without waiting', async () => {
    clock = makeClock();
    const store = await openStore({ memory: true, clock });
    for (let day = 1; day <= 3; day += 1) {
      await store.append({ ...thing, payload: { day } });
      clock.micros += 86_400 * second;
    }
    const asOf = '2026-01-02T12:00:00Z';
    expect((await store.state('a', { asOf })).currentState).toEqual({ day: 2 });
  });

  it('takes a clock that goes back for one that stands still', async () => {
    clock = makeClock();
    const store = await openStore({ memory: true, clock });
    await store.append(thing);
    clock.micros -= 10 * second;
    expect((await store.append(thing)).timestamp).toBe(begin);
  });

  it('makes a snapshot anew when its clock says that the last one is old', async () => {
    clock = makeClock();
    const snapshots = { timeThresholdSeconds: 3600 };
    const store = await openStore({ memory: true, clock, snapshots });
    await store.append(thing);
    await store.snapshots.create('a');
    await store.append(thing);
    clock.micros += 3599 * second;
    await store.append(thing);
    expect(store.snapshots.counters().created).toBe(1);
    clock.micros += 2 * second;
    await store.append(thing);
    await waitUntil(() => store.snapshots.counters().created === 2);
    const { asOf, snapshotType } = await store.snapshots.latest('a');
    expect([asOf, snapshotType]).toEqual([clock.micros, 'automatic']);
  });

  it('refuses a clock that tells no time', async () => {
    let micros: unknown = begin;
    const store = await openStore({ memory: true, clock: { now: () => wrong(micros) } });
    for (micros of [1.5, NaN, -1, 'now', undefined]) {
      const error = await errorOf(() => store.append(thing));
      expect(error.code).toBe('invalid_configuration');
      expect(error.message).toMatch(/^clock: expected now\(\) to give whole microseconds/);
    }
    micros = begin;
    expect((await store.append(thing)).position).toBe(1);
  });

  it('refuses what is no clock, and a clock for a directory', async () => {
    for (const bad of [null, 5, {}, { now: 5 }]) {
      const opening = errorOf(() => openEventStore({ memory: true, clock: wrong(bad) }));
      expect((await opening).message).toMatch(/^clock: expected an object with now\(\), got/);
    }
    const dataDir = await makeDirectory();
    const error = await errorOf(() => openEventStore({ dataDir, clock: { now: () => begin } }));
    expect(error.message).toMatch(/^clock: only a memory store takes one/);
  });
});

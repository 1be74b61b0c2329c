import { describe, expect, it } from 'vitest';
import { defineProjection, openEventStore } from '../../src/index.js';
import type { EmbeddedStore } from '../../src/index.js';
import { codeOf, errorOf, makeDirectory, openStore } from '../support/store.js';
import { type Total, foldOf, place, statesOf, totals, until } from './support.js';

const open = (): Promise<EmbeddedStore> => openStore({ memory: true });

describe('a definition', () => {
  it('is refused where it could not work', () => {
    const bad: Parameters<typeof totals>[0][] = [
      { name: '' },
      { name: 'a b' },
      { version: 0 },
      { version: 1.5 },
      { on: {} },
      { on: { 'a*b': (state: Total) => state } },
      { onError: 'ignore' as never },
      { init: 3 as never },
    ];
    for (const overrides of bad) {
      expect(() => totals(overrides), JSON.stringify(overrides)).toThrow(/^projection: /);
    }
  });

  it.each<[string, unknown]>([
    ['name', { name: 'a b' }],
    ['name', { name: 5 }],
    ['version', { version: 0 }],
    ['fields', { fields: undefined }],
    ['fields', { fields: [] }],
    ['source_event_types', { sourceEventTypes: 'order.placed' }],
    ['source_event_types', { sourceEventTypes: [1] }],
    ['key', { key: '$version' }],
  ])(
    'that is data is refused for its %s: the call rejects, and does not throw',
    async (field, bad) => {
      const store = await open();
      const declaration = { name: 'd', fields: { n: { fold: 'count' } }, ...Object(bad) };
      const declared = store.projections.declare(declaration as never);
      const error = await errorOf(() => declared);
      expect([error.code, error.details?.[0]?.field]).toEqual(['validation_error', field]);
    },
  );

  it('takes the most exact handler of a type', async () => {
    const store = await open();
    const named = defineProjection<string[]>({
      name: 'named',
      version: 1,
      init: () => [],
      key: () => 'all',
      on: {
        '*': (state) => [...state, '*'],
        'order.*': (state) => [...state, 'order.*'],
        'order.line.*': (state) => [...state, 'order.line.*'],
        'order.placed': (state) => [...state, 'order.placed'],
      },
    });
    const handle = await store.projections.start(named);
    for (const eventType of ['order.placed', 'order.paid', 'order.line.added', 'user.made']) {
      await store.append({ eventType, entityId: 'e', payload: null });
    }
    expect(await statesOf(store, handle)).toEqual({
      all: ['order.placed', 'order.*', 'order.line.*', '*'],
    });
  });
});

describe('states', () => {
  it('are read once a position that was appended is in them', async () => {
    const store = await open();
    const handle = await store.projections.start(totals());
    for (let i = 1; i <= 50; i += 1) {
      const position = await place(store, 'a', i);
      await handle.waitFor(position);
      const read = await handle.get('a');
      expect(read?.state).toEqual({ count: i, sum: (i * (i + 1)) / 2 });
      expect(read?.position).toBeGreaterThanOrEqual(position);
    }
    expect(await handle.get('b')).toBeUndefined();
  });

  it('come to a position whose events are not theirs', async () => {
    const store = await open();
    const handle = await store.projections.start(totals());
    const { position } = await store.append({ eventType: 'x.y', entityId: 'e', payload: 1 });
    await handle.waitFor(position);
    expect((await handle.info()).lag).toBe(0);
  });

  it('are copies that nobody else changes', async () => {
    const store = await open();
    const handle = await store.projections.start(totals());
    await handle.waitFor(await place(store, 'a', 1));
    const read = await handle.get('a');
    if (read !== undefined) read.state.sum = 99;
    expect((await handle.get('a'))?.state.sum).toBe(1);
  });

  it('are removed by null, and begin anew', async () => {
    const store = await open();
    const handle = await store.projections.start(totals());
    await place(store, 'a', 5);
    await store.append({ eventType: 'order.deleted', entityId: 'a', payload: null });
    expect(await statesOf(store, handle)).toEqual({});
    await place(store, 'a', 7);
    expect(await statesOf(store, handle)).toEqual({ a: { count: 1, sum: 7 } });
  });

  it('are those of one tenant', async () => {
    const store = await open();
    const ours = await store.projections.start(totals());
    const theirs = await store.projections.start(totals(), { tenantId: 'acme' });
    await place(store, 'a', 5);
    const event = { eventType: 'order.placed', entityId: 'a', payload: 9, tenantId: 'acme' };
    await theirs.waitFor((await store.append(event)).position);
    expect((await theirs.get('a'))?.state.sum).toBe(9);
    expect((await ours.get('a'))?.state.sum).toBe(5);
    expect((await store.projections.list({ tenantId: 'acme' })).map(({ name }) => name)).toEqual([
      'entity_snapshots',
      'event_counters',
      'totals',
    ]);
    expect(await codeOf(() => store.projections.get('totals', { tenantId: 'other' }))).toBe(
      'projection_not_found',
    );
  });

  it('go on where they were after a restart, and count nothing twice', async () => {
    const dataDir = await makeDirectory();
    for (let round = 1; round <= 4; round += 1) {
      const store = await openEventStore({ dataDir });
      const handle = await store.projections.start(totals());
      for (let i = 0; i < 25; i += 1) await place(store, `o-${i % 10}`, 1);
      await handle.waitFor(store.watermark);
      expect((await handle.info()).eventsProcessed).toBe(25);
      expect(await statesOf(store, handle)).toEqual(await foldOf(store, totals()));
      await store.close();
    }
  });

  it('that JSON would not keep stop the projection', async () => {
    const store = await open();
    const dated = defineProjection<{ at: Date }>({
      name: 'dated',
      version: 1,
      init: () => ({ at: new Date(0) }),
      on: { 'order.placed': (state) => state },
    });
    const handle = await store.projections.start(dated);
    await place(store, 'a', 1);
    await until(async () => (await handle.info()).status === 'failed');
    expect((await handle.info()).failure?.reason).toMatch(/"a" has values that JSON can't keep/);
  });
});

describe('an event whose handler fails', () => {
  /** Fails for negative payloads, half way through its work. */
  const picky = (onError: 'stop' | 'park' | 'retry', mayFail = () => true) =>
    totals({
      onError,
      on: {
        'order.placed': (state: Total, event: { payload: unknown }) => {
          state.count += 1;
          if (Number(event.payload) < 0 && mayFail()) throw new Error('less than nothing');
          state.sum += Number(event.payload);
          return state;
        },
      },
    });

  it('stops the projection before it, and is tried again when it is resumed', async () => {
    const store = await open();
    let mayFail = true;
    const handle = await store.projections.start(picky('stop', () => mayFail));
    await place(store, 'a', 1);
    const bad = await place(store, 'a', -1);
    const last = await place(store, 'a', 3);
    expect(await codeOf(() => handle.waitFor(last))).toBe('projection_stopped');
    const info = await handle.info();
    expect(info).toMatchObject({ status: 'failed', position: bad - 1, eventsFailed: 1 });
    expect(info.failure).toEqual({ position: bad, reason: 'order.placed: less than nothing' });
    expect((await handle.get('a'))?.state).toEqual({ count: 1, sum: 1 });
    mayFail = false;
    await handle.resume();
    await handle.waitFor(last);
    expect((await handle.get('a'))?.state).toEqual({ count: 3, sum: 3 });
    expect((await handle.info()).status).toBe('running');
  });

  it('is parked, and leaves nothing of what its handler did', async () => {
    const dataDir = await makeDirectory();
    const store = await openEventStore({ dataDir });
    const handle = await store.projections.start(picky('park'));
    const parked: number[] = [];
    for (let i = 0; i < 40; i += 1) {
      const position = await place(store, `o-${i % 3}`, i % 7 === 3 ? -1 : i);
      if (i % 7 === 3) parked.push(position);
    }
    const states = await statesOf(store, handle);
    const sums = [0, 1, 2].map((key) => {
      const mine = Array.from({ length: 40 }, (_, i) => i).filter((i) => i % 3 === key);
      const good = mine.filter((i) => i % 7 !== 3);
      return { count: good.length, sum: good.reduce((a, b) => a + b, 0) };
    });
    expect(states).toEqual({ 'o-0': sums[0], 'o-1': sums[1], 'o-2': sums[2] });
    expect((await handle.parked()).map(({ position }) => position)).toEqual(parked);
    expect(await handle.info()).toMatchObject({ eventsParked: parked.length, failure: null });
    await store.close();
    const again = await openStore({ dataDir });
    const reopened = await again.projections.start(picky('park'));
    expect(await statesOf(again, reopened)).toEqual(states);
    expect(await reopened.info()).toMatchObject({ eventsParked: parked.length });
  });

  it('is tried again until it works', async () => {
    const store = await open();
    let failures = 2;
    const handle = await store.projections.start(picky('retry', () => failures-- > 0));
    await place(store, 'a', 1);
    await handle.waitFor(await place(store, 'a', -5));
    expect((await handle.get('a'))?.state).toEqual({ count: 2, sum: -4 });
  });

  it('by its key fails alike', async () => {
    const store = await open();
    const handle = await store.projections.start(
      totals({ onError: 'park', key: ({ payload }) => `${payload as number}`.padEnd(300) }),
    );
    const position = await place(store, 'a', 1);
    await handle.waitFor(position);
    const [parked] = await handle.parked();
    expect(parked?.position).toBe(position);
    expect(parked?.reason).toMatch(/^order.placed: key: expected a text of 1-256 bytes/);
  });

  it('by its key is parked alone, where many that were read together do', async () => {
    const store = await open();
    const handle = await store.projections.start(
      totals({
        onError: 'park',
        key: ({ payload }) => {
          if (payload === 1) throw new Error('no key');
          return payload === 2 ? '' : 'all';
        },
      }),
    );
    const payloads = [1, 2, 3, 1, 2, 3];
    await store.appendBatch(
      payloads.map((payload) => ({ eventType: 'order.placed', entityId: 'a', payload })),
    );
    await handle.waitFor(store.watermark);
    expect((await handle.get('all'))?.state).toEqual({ count: 2, sum: 6 });
    expect((await handle.parked()).map(({ reason }) => reason.slice(0, 20))).toEqual(
      payloads
        .slice(0, 2)
        .concat(payloads.slice(0, 2))
        .map((payload) => {
          return payload === 1 ? 'order.placed: no key' : 'order.placed: key: e';
        }),
    );
  });
});

describe('a projection', () => {
  it('that is paused does nothing until it is resumed, after a restart too', async () => {
    const dataDir = await makeDirectory();
    const store = await openEventStore({ dataDir });
    const handle = await store.projections.start(totals());
    await handle.waitFor(await place(store, 'a', 1));
    await handle.pause();
    await place(store, 'a', 1);
    expect(await handle.info()).toMatchObject({ status: 'paused' });
    await store.close();
    const again = await openStore({ dataDir });
    const reopened = await again.projections.start(totals());
    expect(await reopened.info()).toMatchObject({ status: 'paused' });
    expect((await reopened.get('a'))?.state.count).toBe(1);
    await reopened.resume();
    await reopened.waitFor(again.watermark);
    expect((await reopened.get('a'))?.state.count).toBe(2);
  });

  it('that has written nothing yet is created where it does not run', async () => {
    const dataDir = await makeDirectory();
    const store = await openEventStore({ dataDir });
    const running = await store.projections.start(totals());
    await running.waitFor(store.watermark);
    expect(await running.info()).toMatchObject({ status: 'running' });
    const reader = await openStore({ dataDir, readOnly: true });
    const seen = await reader.projections.get('totals');
    expect(await seen.info()).toMatchObject({ status: 'created', position: 0, lag: 1 });
    await running.stop();
    expect(await running.info()).toMatchObject({ status: 'stopped', position: 1 });
    await store.close();
    const again = await openStore({ dataDir });
    const handle = await again.projections.get('totals');
    expect(await handle.info()).toMatchObject({ status: 'stopped', position: 1 });
  });

  it('whose code was not started can be read', async () => {
    const dataDir = await makeDirectory();
    const store = await openEventStore({ dataDir });
    await (await store.projections.start(totals())).waitFor(await place(store, 'a', 3));
    await store.close();
    const again = await openStore({ dataDir });
    const handle = await again.projections.get('totals');
    expect(await handle.info()).toMatchObject({ status: 'stopped', version: 1 });
    expect((await handle.get('a'))?.state).toEqual({ count: 1, sum: 3 });
    expect(await codeOf(() => handle.rebuild())).toBe('projection_stopped');
  });

  it('that was deleted leaves no state to one of the same name', async () => {
    const dataDir = await makeDirectory();
    let store = await openEventStore({ dataDir });
    await (await store.projections.start(totals())).waitFor(await place(store, 'a', 3));
    await store.projections.delete('totals');
    expect(await codeOf(() => store.projections.get('totals'))).toBe('projection_not_found');
    await store.close();
    store = await openStore({ dataDir });
    expect(await codeOf(() => store.projections.get('totals'))).toBe('projection_not_found');
    const handle = await store.projections.start(totals({ version: 1 }));
    expect(await statesOf(store, handle)).toEqual({ a: { count: 1, sum: 3 } });
    expect((await handle.info()).eventsProcessed).toBe(1);
  });

  it('of an older version, or of a built-in name, is refused', async () => {
    const store = await open();
    await store.projections.start(totals({ version: 3 }));
    expect(await codeOf(() => store.projections.start(totals({ version: 2 })))).toBe(
      'projection_conflict',
    );
    expect(await codeOf(() => store.projections.start(totals({ name: 'event_counters' })))).toBe(
      'projection_conflict',
    );
  });

  it('keeps what is appended while events are dropped from the front of the log', async () => {
    const dataDir = await makeDirectory();
    const store = await openEventStore({ dataDir, segmentBytesMax: 64 * 1024 });
    const handle = await store.projections.start(totals());
    const counts = new Map<string, number>();
    const filler = 'x'.repeat(4_000);
    for (let i = 0; i < 60; i += 1) {
      const keys = Array.from({ length: 40 }, (_, key) => `o-${key}`);
      const events = keys.map((entityId) => ({ eventType: 'order.placed', entityId, payload: 1 }));
      for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
      await store.append({ eventType: 'filler.made', entityId: `f-${i}`, payload: filler });
      const { lastPosition } = await store.appendBatch(events, { return: 'summary' });
      await handle.waitFor(lastPosition);
      // Its states change and are written while they are recorded again.
      const dropped = i % 6 === 5 ? store.dropBefore(lastPosition) : undefined;
      await handle.list({ limit: 1 });
      // Whoever waits meanwhile is not told that it has stopped.
      await Promise.all([dropped, handle.waitFor(await place(store, 'waited', 0))]);
    }
    expect((await store.stats()).firstPosition).toBeGreaterThan(1);
    await store.close();
    const again = await openStore({ dataDir });
    const states = await statesOf(again, await again.projections.start(totals()));
    const wanted = [...counts].map(([key, count]) => [key, { count, sum: count }]);
    expect(states).toEqual({ ...Object.fromEntries(wanted), waited: { count: 60, sum: 0 } });
  });

  it('keeps its states when events are dropped from the front of the log', async () => {
    const dataDir = await makeDirectory();
    const store = await openEventStore({ dataDir, segmentBytesMax: 1024 * 1024 });
    const handle = await store.projections.start(totals());
    const filler = 'x'.repeat(4000);
    await place(store, 'a', 3);
    for (let i = 0; i < 900; i += 1) {
      await store.append({ eventType: 'filler.made', entityId: 'f', payload: filler });
    }
    await handle.waitFor(store.watermark);
    const { firstPosition } = await store.dropBefore(store.watermark);
    expect(firstPosition).toBeGreaterThan(1);
    await store.close();
    const again = await openStore({ dataDir });
    const reopened = await again.projections.start(totals());
    await reopened.waitFor(await place(again, 'a', 4));
    expect((await reopened.get('a'))?.state).toEqual({ count: 2, sum: 7 });
  });
});

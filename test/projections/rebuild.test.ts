import { describe, expect, it } from 'vitest';
import { openEventStore } from '../../src/index.js';
import type { EmbeddedStore } from '../../src/index.js';
import { makeDirectory, openStore } from '../support/store.js';
import { foldOf, place, statesOf, totals, until } from './support.js';

async function filled(store: EmbeddedStore): Promise<void> {
  for (let i = 0; i < 60; i += 1) await place(store, `o-${i % 6}`, i);
}

/** Sums twice as much. */
const doubled = totals({
  version: 2,
  on: {
    'order.placed': (state, event) => ({
      count: state.count + 1,
      sum: state.sum + 2 * Number(event.payload),
    }),
  },
});

describe('a rebuild', () => {
  it('gives the same states, and says so', async () => {
    const store = await openStore({ memory: true });
    const handle = await store.projections.start(totals());
    await filled(store);
    const before = await statesOf(store, handle);
    expect(await handle.rebuild()).toEqual({ keys: 6, different: [] });
    expect(await statesOf(store, handle)).toEqual(before);
    await handle.waitFor(await place(store, 'o-1', 5));
    expect((await handle.get('o-1'))?.state.count).toBe(11);
  });

  it('tells of states that its handlers did not make again', async () => {
    const store = await openStore({ memory: true });
    let calls = 0;
    const impure = totals({
      on: { 'order.placed': (state) => ({ ...state, sum: (calls += 1) }) },
    });
    const handle = await store.projections.start(impure);
    await place(store, 'a', 1);
    await statesOf(store, handle);
    expect(await handle.rebuild()).toEqual({ keys: 1, different: ['a'] });
  });

  it('of a newer version is what a handle of before it tells of, too', async () => {
    const store = await openStore({ memory: true });
    const first = await store.projections.start(totals());
    await filled(store);
    await first.waitFor(store.watermark);
    const second = await store.projections.start(doubled);
    await second.waitFor(store.watermark);
    expect(await first.info()).toEqual(await second.info());
    expect(await statesOf(store, first)).toEqual(await foldOf(store, doubled));
    await store.projections.delete('totals');
    await expect(first.get('o-1')).rejects.toMatchObject({ code: 'projection_not_found' });
  });

  it('of a newer version shows the states of before until it is whole', async () => {
    const dataDir = await makeDirectory();
    const store = await openEventStore({ dataDir });
    const old = await store.projections.start(totals());
    await filled(store);
    const before = await statesOf(store, old);
    const after = await foldOf(store, doubled);
    const handle = await store.projections.start(doubled);
    const seen = new Set<string>();
    while ((await handle.info()).version === 1) {
      const states = [];
      for (const key of Object.keys(before)) states.push((await handle.get(key))?.state);
      seen.add(JSON.stringify(states));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const allowed = [before, after].map((states) => JSON.stringify(Object.values(states)));
    for (const states of seen) expect(allowed).toContain(states);
    expect(await statesOf(store, handle)).toEqual(after);
    expect(await handle.info()).toMatchObject({ status: 'running', version: 2, rebuild: null });
    await store.close();
    const again = await openStore({ dataDir });
    expect(await statesOf(again, await again.projections.start(doubled))).toEqual(after);
  });

  it('of a newer version that fails is told of, and is tried again', async () => {
    const store = await openStore({ memory: true });
    await statesOf(store, await store.projections.start(totals()));
    await place(store, 'a', 1);
    let isBroken = true;
    const handle = await store.projections.start(
      totals({
        version: 2,
        on: {
          'order.placed': (state) => {
            if (isBroken) throw new Error('not yet');
            return { count: state.count + 10, sum: 0 };
          },
        },
      }),
    );
    await until(async () => (await handle.info()).status === 'failed');
    const { version, failure } = await handle.info();
    expect([version, failure?.reason]).toEqual([1, 'order.placed: not yet']);
    isBroken = false;
    await handle.resume();
    await until(async () => (await handle.info()).version === 2);
    expect((await handle.get('a'))?.state.count).toBe(10);
  });

  it('that was cut off by a restart goes on', async () => {
    const dataDir = await makeDirectory();
    const store = await openEventStore({ dataDir });
    await filled(store);
    await statesOf(store, await store.projections.start(totals()));
    await store.projections.start(doubled);
    await store.close();
    const again = await openStore({ dataDir });
    const handle = await again.projections.start(doubled);
    while ((await handle.info()).version === 1) await new Promise((next) => setImmediate(next));
    expect(await statesOf(again, handle)).toEqual(await foldOf(again, doubled));
  });

  it('takes in what is appended meanwhile', async () => {
    const store = await openStore({ memory: true });
    const handle = await store.projections.start(totals());
    await filled(store);
    const rebuilt = handle.rebuild();
    for (let i = 0; i < 200; i += 1) await place(store, `o-${i % 6}`, i);
    expect((await rebuilt).different).toEqual([]);
    expect(await statesOf(store, handle)).toEqual(await foldOf(store, totals()));
  });

  it('that was given up leaves nothing to the next one', async () => {
    const store = await openStore({ memory: true });
    const stop = new AbortController();
    let isRebuilt = false;
    const handle = await store.projections.start(
      totals({
        on: {
          'order.placed': (state, { payload }) => {
            if (isRebuilt) stop.abort();
            return { count: state.count + 1, sum: state.sum + Number(payload) };
          },
        },
      }),
    );
    const event = { eventType: 'order.placed', entityId: 'a', payload: 1 };
    for (let i = 0; i < 5; i += 1) {
      await store.appendBatch(Array.from({ length: 1000 }, () => event));
    }
    await handle.waitFor(store.watermark);
    isRebuilt = true;
    await expect(handle.rebuild({ signal: stop.signal })).rejects.toThrow(/aborted/);
    const next = await store.projections.start(doubled);
    await until(async () => (await next.info()).version === 2);
    expect(await statesOf(store, next)).toEqual(await foldOf(store, doubled));
  });
});

import { describe, expect, it } from 'vitest';
import type { EmbeddedStore } from '../../src/index.js';
import { codeOf, makeDirectory, newEvent, openStore } from '../support/store.js';
import { place, statesOf, totals, until } from './support.js';

const segmentBytesMax = 64 * 1024;
const orders = 60;

/** Orders in the first segment, and many small segments behind it that can be dropped. */
async function filled(options: { readonly dataDir?: string } = {}): Promise<EmbeddedStore> {
  const { dataDir = await makeDirectory() } = options;
  const store = await openStore({ dataDir, segmentBytesMax });
  for (let i = 0; i < orders; i += 1) await place(store, `o-${i % 6}`, i);
  const filler = Array.from({ length: 60 }, () => newEvent('f', 'x'.repeat(10_000)));
  for (let i = 0; i < filler.length; i += 5) await store.appendBatch(filler.slice(i, i + 5));
  await until(async () => store.counters().indexedSegments >= (await store.stats()).segments - 1);
  return store;
}

/** A projection that does not come past its 30th event while it is closed. */
function blocking({ isClosed }: { isClosed: boolean }) {
  const gate = { isClosed };
  const projection = totals({
    onError: 'retry',
    on: {
      'order.placed': (state, event) => {
        if (gate.isClosed && event.payload === 30) throw new Error('not yet');
        return { count: state.count + 1, sum: state.sum + Number(event.payload) };
      },
    },
  });
  return { projection, gate };
}

const everything = Number.MAX_SAFE_INTEGER;

describe('events that are dropped', () => {
  it('are none that a projection which lags still needs', async () => {
    const store = await filled();
    const { projection, gate } = blocking({ isClosed: true });
    const handle = await store.projections.start(projection);
    await until(async () => (await handle.info()).failure?.reason.includes('not yet') === true);
    expect((await store.dropBefore(everything)).firstPosition).toBeLessThanOrEqual(31);
    gate.isClosed = false;
    const states = Object.values(await statesOf(store, handle));
    expect(states.map(({ count }) => count)).toEqual(Array.from({ length: 6 }, () => 10));
    expect((await store.dropBefore(everything)).firstPosition).toBeGreaterThan(orders);
  });

  it('are none that a build still needs', async () => {
    const store = await filled();
    const { projection, gate } = blocking({ isClosed: false });
    const handle = await store.projections.start(projection);
    const before = await statesOf(store, handle);
    gate.isClosed = true;
    await handle.beginRebuild();
    await until(async () => (await handle.info()).failure?.reason.includes('not yet') === true);
    expect(await store.dropBefore(everything)).toMatchObject({ segments: 0 });
    gate.isClosed = false;
    await until(async () => (await handle.info()).rebuild === null);
    expect(await handle.info()).toMatchObject({ status: 'running', failure: null });
    expect(await statesOf(store, handle)).toEqual(before);
    expect((await store.dropBefore(everything)).firstPosition).toBeGreaterThan(orders);
  });

  it('are none that a replay will need for a build that it has not begun', async () => {
    const store = await filled();
    const { projection, gate } = blocking({ isClosed: false });
    const handle = await store.projections.start(projection);
    const other = await store.projections.start(totals({ name: 'other' }));
    await place(store, 'last', 30);
    const before = [await statesOf(store, handle), await statesOf(store, other)];
    gate.isClosed = true;
    const { replayId } = await store.replays.start({ entityId: 'last' });
    await until(async () => (await handle.info()).failure?.reason.includes('not yet') === true);
    expect(await store.dropBefore(everything)).toMatchObject({ segments: 0 });
    await store.replays.cancel(replayId);
    gate.isClosed = false;
    expect([await statesOf(store, handle), await statesOf(store, other)]).toEqual(before);
    expect((await store.dropBefore(everything)).firstPosition).toBeGreaterThan(orders);
  });

  it('may be some that a paused projection has not seen', async () => {
    const store = await filled();
    const { projection } = blocking({ isClosed: true });
    const handle = await store.projections.start(projection);
    await handle.pause();
    expect((await store.dropBefore(everything)).firstPosition).toBeGreaterThan(orders);
    await handle.resume();
    expect(await codeOf(() => handle.waitFor(store.watermark))).toBe('projection_stopped');
  });

  it('are no states that are written again meanwhile', async () => {
    const dataDir = await makeDirectory();
    const store = await filled({ dataDir });
    const large = totals({
      name: 'large',
      init: () => ({ count: 0, sum: 0, text: 'x'.repeat(50_000) }),
    });
    const before = await statesOf(store, await store.projections.start(large));
    for (let i = 0; i < 3; i += 1) {
      const { watermark } = store;
      const { firstPosition } = await store.dropBefore(everything);
      expect(firstPosition).toBeLessThanOrEqual(watermark + 1);
    }
    await store.close();
    const again = await openStore({ dataDir, segmentBytesMax });
    expect(await statesOf(again, await again.projections.start(large))).toEqual(before);
  });
});

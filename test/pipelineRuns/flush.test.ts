import { describe, expect, it } from 'vitest';
import { pipeline } from '../../src/index.js';
import type { EmbeddedStore } from '../../src/index.js';
import { codeOf, collect, openStore } from '../support/store.js';
import { failAppend } from './support.js';

const second = 1_000_000;
const begin = 1_767_225_600 * second;

async function open() {
  const clock = { micros: begin, now: (): number => clock.micros };
  const store = await openStore({ memory: true, clock });
  return { store, clock };
}

const perMinute = pipeline('orders-per-minute')
  .from('order.*')
  .window({ tumbling: { minutes: 1 } }, { function: 'count' })
  .toEvent({ eventType: 'minute.counted' });

const place = (store: EmbeddedStore) =>
  store.append({ eventType: 'order.placed', entityId: 'o-1', payload: { total: 1 } });

const countsOf = async (store: EmbeddedStore): Promise<unknown[]> =>
  (await collect(store.read({ eventType: 'minute.counted' }))).map(
    ({ payload }) => (payload as { count: number }).count,
  );

describe('flush of a pipeline', () => {
  it('closes the panes whose time has come, and no other', async () => {
    const { store, clock } = await open();
    await store.pipelines.create(perMinute, { id: 'p', from: 'beginning' });
    await place(store);
    await place(store);
    clock.micros += 59 * second;
    await store.pipelines.flush('p');
    expect(await countsOf(store)).toEqual([]);
    expect((await store.pipelines.get('p')).statistics.openPanes).toBe(1);
    clock.micros += second;
    await store.pipelines.flush('p');
    expect(await countsOf(store)).toEqual([2]);
    expect((await store.pipelines.get('p')).statistics.openPanes).toBe(0);
  });

  it('waits for the results of all that was appended before', async () => {
    const { store } = await open();
    const sums = pipeline('sums')
      .from('order.*')
      .reduce({ function: 'sum', field: 'total' })
      .toEvent({ eventType: 'minute.counted' });
    await store.pipelines.create(sums, { id: 'p', from: 'beginning' });
    for (let round = 1; round <= 20; round += 1) {
      await Promise.all(Array.from({ length: 25 }, () => place(store)));
      await store.pipelines.flush('p');
      expect(await countsOf(store)).toHaveLength(round * 25);
    }
  });

  it('is the same for many at a time, with nothing to do, and over and over', async () => {
    const { store } = await open();
    await store.pipelines.create(perMinute, { id: 'p', from: 'beginning' });
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(Array.from({ length: 5 }, () => store.pipelines.flush('p')));
      await place(store);
    }
    await store.pipelines.flush('p');
    expect((await store.pipelines.get('p')).statistics.processed).toBe(20);
  });

  it('waits until all is processed again where a write fails', async () => {
    const { store } = await open();
    const byTheirTime = pipeline('by-their-time')
      .from('order.*')
      .window({ tumbling: { minutes: 1 }, timeField: 'at' }, { function: 'count' })
      .toTopic('counts');
    await store.pipelines.create(byTheirTime, { id: 'p', from: 'beginning' });
    const order = { eventType: 'order.placed', entityId: 'o-1', payload: { at: begin } };
    await store.appendBatch(Array(9_000).fill(order), { return: 'summary' });
    failAppend('appendLines', { behind: 0 });
    await store.pipelines.flush('p');
    expect((await store.pipelines.get('p')).statistics.processed).toBe(9_000);
  });

  it('closes the panes again whose results were not written', async () => {
    const { store, clock } = await open();
    await store.pipelines.create(perMinute, { id: 'p', from: 'beginning' });
    await place(store);
    clock.micros += 60 * second;
    failAppend('appendLines', { behind: 1 });
    await store.pipelines.flush('p');
    expect(await countsOf(store)).toEqual([1]);
  });

  it('is refused while the pipeline is paused, or where there is none', async () => {
    const { store } = await open();
    await store.pipelines.create(perMinute, { id: 'p' });
    await store.pipelines.pause('p');
    expect(await codeOf(() => store.pipelines.flush('p'))).toBe('unprocessable');
    await store.pipelines.resume('p');
    await place(store);
    await store.pipelines.flush('p');
    expect(await codeOf(() => store.pipelines.flush('q'))).toBe('pipeline_not_found');
  });

  it('ends where its caller gives up', async () => {
    const { store } = await open();
    await store.pipelines.create(perMinute, { id: 'p' });
    await place(store);
    const signal = AbortSignal.abort();
    expect(await codeOf(() => store.pipelines.flush('p', { signal }))).toBe('aborted');
  });
});

import { describe, expect, it, vi } from 'vitest';
import { AllSourceError, openEventStore, pipeline } from '../../src/index.js';
import type { EmbeddedStore, JsonValue, TopicMessage } from '../../src/index.js';
import { PipelineStorage } from '../../src/pipelineRuns/pipelineStorage.js';
import { until } from '../projections/support.js';
import { codeOf, collect, errorOf, makeDirectory, openStore } from '../support/store.js';
import { failAppend } from './support.js';

const open = (): Promise<EmbeddedStore> => openStore({ memory: true });

const sums = pipeline('sums')
  .from('order.*')
  .reduce({ function: 'sum', field: 'total', groupBy: 'region' })
  .toEvent({ eventType: 'sum.changed', entityId: 'sum-{group.region}' });

const counts = pipeline('counts')
  .from('order.*')
  .window({ tumbling: { seconds: 1 } }, { function: 'count' })
  .toTopic('counts');

async function place(store: EmbeddedStore, payload: JsonValue, tenantId = 'default') {
  return store.append({ eventType: 'order.placed', entityId: 'o-1', payload, tenantId });
}

async function caughtUp(store: EmbeddedStore, id: string, position: number): Promise<void> {
  await until(async () => (await store.pipelines.get(id)).position >= position);
}

describe('a pipeline of a store', () => {
  it('begins with what follows, or with the whole log', async () => {
    const store = await open();
    await place(store, { region: 'eu', total: 1 });
    await store.pipelines.create(sums, { id: 'late' });
    await store.pipelines.create(
      pipeline('all')
        .from('order.*')
        .reduce({ function: 'sum', field: 'total' })
        .toEvent({ eventType: 'all.changed' }),
      { id: 'all', from: 'beginning' },
    );
    const { position } = await place(store, { region: 'eu', total: 2 });
    await caughtUp(store, 'late', position);
    await caughtUp(store, 'all', position);
    const values = async (eventType: string) =>
      (await collect(store.read({ eventType }))).map(
        ({ payload }) => (payload as { value: number }).value,
      );
    await until(async () => (await values('all.changed')).length === 2);
    expect(await values('all.changed')).toEqual([1, 3]);
    expect(await values('sum.changed')).toEqual([2]);
  });

  it('sees its tenant only, and writes to it', async () => {
    const store = await open();
    const theirs = pipeline('sums', { tenantId: 'acme' })
      .from('order.*')
      .reduce({ function: 'count' })
      .toEvent({ eventType: 'order-count.changed' });
    await store.pipelines.create(theirs, { id: 'p' });
    await place(store, { total: 1 });
    const { position } = await place(store, { total: 1 }, 'acme');
    await until(async () => (await store.pipelines.list({ tenantId: 'acme' }))[0]?.lag === 0);
    expect(await codeOf(() => store.pipelines.get('p'))).toBe('pipeline_not_found');
    const [derived] = await collect(
      store.read({ tenantId: 'acme', eventType: 'order-count.changed' }),
    );
    expect(derived?.payload).toMatchObject({ value: 1 });
    expect(derived?.position).toBeGreaterThan(position);
    expect(await collect(store.read({ eventType: 'order-count.changed' }))).toEqual([]);
  });

  it('gives its derived events an id, where they are from, and their time', async () => {
    const store = await open();
    await store.pipelines.create(sums, { id: 'p' });
    const { timestamp } = await place(store, { region: 'eu', total: 2 });
    await until(async () => (await collect(store.read({ eventType: 'sum.changed' }))).length > 0);
    const [derived] = await collect(store.read({ eventType: 'sum.changed' }));
    expect(derived?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(derived?.metadata).toEqual({ pipeline: 'sums', pipeline_id: 'p', time: timestamp });
  });

  it('is not reset where its new state can not be opened: now, and after a restart', async () => {
    const dataDir = await makeDirectory();
    let store = await openEventStore({ dataDir });
    await store.pipelines.create(sums, { id: 'p' });
    const valueAfter = async (total: number): Promise<JsonValue | undefined> => {
      const { position } = await place(store, { region: 'eu', total });
      await store.pipelines.flush('p');
      const derived = await collect(store.read({ eventType: 'sum.changed' }));
      const last = derived.findLast((event) => event.position > position);
      return (last?.payload as { value?: number } | undefined)?.value;
    };
    expect(await valueAfter(1)).toBe(1);
    const read = vi.spyOn(PipelineStorage.prototype, 'read');
    read.mockRejectedValueOnce(new AllSourceError('storage_full', 'no room at this moment'));
    expect(await codeOf(() => store.pipelines.reset('p'))).toBe('storage_full');
    read.mockRestore();
    expect(await valueAfter(2)).toBe(3);
    await store.close();
    store = await openStore({ dataDir });
    expect(await valueAfter(4)).toBe(7);
    await store.pipelines.reset('p');
    expect(await valueAfter(8)).toBe(8);
  });

  it.each(['pause', 'reset', 'delete'] as const)('goes on where %s fails', async (change) => {
    const store = await open();
    await store.pipelines.create(sums, { id: 'p' });
    failAppend('append');
    expect(await codeOf(() => store.pipelines[change]('p'))).toBe('storage_full');
    const { position } = await place(store, { region: 'eu', total: 1 });
    await caughtUp(store, 'p', position);
    await store.pipelines[change]('p');
  });

  it('tells what failed before it was paused, and nothing of the life before a reset', async () => {
    const store = await open();
    await store.pipelines.create(sums, { id: 'p' });
    const { position } = await place(store, { region: 'eu', total: 'none' });
    await store.pipelines.flush('p');
    const failed = [{ position, outcome: 'failed' }];
    await store.pipelines.pause('p');
    expect(await store.pipelines.dropped('p')).toMatchObject(failed);
    await store.pipelines.resume('p');
    expect(await store.pipelines.dropped('p')).toMatchObject(failed);
    expect((await store.pipelines.get('p')).lastProcessed).not.toBeNull();
    await store.pipelines.reset('p');
    expect(await store.pipelines.dropped('p')).toEqual([]);
  });

  it('tells of a dropped event once, where it is processed again', async () => {
    const store = await open();
    await store.pipelines.create(sums, { id: 'p' });
    failAppend('appendLines');
    await place(store, { region: 'eu', total: 'none' });
    await store.pipelines.flush('p');
    expect(await store.pipelines.dropped('p')).toHaveLength(1);
  });

  it('writes next to nothing for a pane that stays open', async () => {
    const store = await open();
    const hourly = pipeline('hourly')
      .from('order.*')
      .window({ tumbling: { hours: 1 } }, { function: 'count' })
      .toTopic('hourly');
    await store.pipelines.create(hourly, { id: 'p' });
    await place(store, 1);
    await until(async () => (await store.pipelines.get('p')).statistics.openPanes === 1);
    await store.pipelines.flush('p');
    const { watermark } = store;
    // By then a write that followed from the one before it would have come, and another behind it.
    const end = performance.now() + 2600;
    await until(async () => performance.now() > end);
    expect(store.watermark).toBe(watermark);
  });

  it('closes windows by the time of the store, once, also where no event follows', async () => {
    const dataDir = await makeDirectory();
    const store = await openEventStore({ dataDir });
    await store.pipelines.create(counts, { id: 'p' });
    for (let i = 0; i < 3; i += 1) await place(store, {});
    const subscription = store.pipelines.subscribe('counts', { from: 'beginning' });
    const seen: TopicMessage[] = [];
    let sum = 0;
    for await (const message of subscription) {
      seen.push(message);
      sum += (message.value as { value: number }).value;
      if (sum === 3) break;
    }
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
    expect((await store.pipelines.get('p')).statistics.openPanes).toBe(0);
    await place(store, {});
    await store.close();
    const again = await openStore({ dataDir });
    const signal = AbortSignal.timeout(10_000);
    const later: TopicMessage[] = [];
    const from = (seen.at(-1)?.position ?? 0) + 1;
    for await (const message of again.pipelines.subscribe('counts', { from, signal })) {
      later.push(message);
      break;
    }
    expect(later[0]?.value).toMatchObject({ value: 1 });
  });

  it('does nothing while it is paused, after a restart too', async () => {
    const dataDir = await makeDirectory();
    const store = await openEventStore({ dataDir });
    await store.pipelines.create(sums, { id: 'p' });
    expect((await store.pipelines.pause('p')).status).toBe('paused');
    const { position } = await place(store, { region: 'eu', total: 2 });
    await store.close();
    const again = await openStore({ dataDir });
    expect(await again.pipelines.get('p')).toMatchObject({ status: 'paused' });
    expect((await again.pipelines.get('p')).position).toBeLessThan(position);
    await again.pipelines.resume('p');
    await caughtUp(again, 'p', position);
    expect((await again.pipelines.get('p')).statistics.processed).toBe(1);
  });

  it('forgets what it knew when it is reset, and derives no id again', async () => {
    const store = await open();
    await store.pipelines.create(sums, { id: 'p' });
    await caughtUp(store, 'p', (await place(store, { region: 'eu', total: 2 })).position);
    expect((await store.pipelines.reset('p')).statistics.processed).toBe(0);
    await place(store, { region: 'eu', total: 5 });
    const derived = () => collect(store.read({ eventType: 'sum.changed' }));
    await until(async () => (await derived()).length === 2);
    const values = (await derived()).map(({ payload }) => (payload as { value: number }).value);
    expect(values).toEqual([2, 5]);
    expect(new Set((await derived()).map(({ id }) => id)).size).toBe(2);
  });

  it('that was deleted leaves no state to one of the same id', async () => {
    const dataDir = await makeDirectory();
    const store = await openEventStore({ dataDir });
    await store.pipelines.create(sums, { id: 'p' });
    await caughtUp(store, 'p', (await place(store, { region: 'eu', total: 2 })).position);
    await store.pipelines.delete('p');
    await store.close();
    const again = await openStore({ dataDir });
    expect(await again.pipelines.list()).toEqual([]);
    await again.pipelines.create(sums, { id: 'p' });
    await place(again, { region: 'eu', total: 7 });
    const derived = () => collect(again.read({ eventType: 'sum.changed' }));
    await until(async () => (await derived()).length === 2);
    expect((await derived()).at(-1)?.payload).toMatchObject({ value: 7 });
  });

  it('tells of what failed, and goes on', async () => {
    const store = await open();
    await store.pipelines.create(sums, { id: 'p' });
    const bad = await place(store, { region: 'eu', total: 'much' });
    await caughtUp(store, 'p', (await place(store, { region: 'eu', total: 1 })).position);
    const [dropped] = await store.pipelines.dropped('p');
    expect(dropped).toMatchObject({ position: bad.position, outcome: 'failed' });
    expect((await store.pipelines.get('p')).statistics).toMatchObject({ failed: 1, emitted: 1 });
  });

  it('is refused where its results would come to it again, also by others', async () => {
    const store = await open();
    const loop = (name: string, from: string, to: string) =>
      pipeline(name).from(from).reduce({ function: 'count' }).toEvent({ eventType: to });
    expect((await errorOf(() => store.pipelines.create(loop('a', 'a.*', 'a.b')))).message).toMatch(
      /for ever: a$/,
    );
    await store.pipelines.create(loop('a', 'a.*', 'b.x'));
    await store.pipelines.create(loop('b', 'b.*', 'c.x'));
    const error = await errorOf(() => store.pipelines.create(loop('c', 'c.x', 'a.x')));
    expect(error.code).toBe('validation_error');
    expect(error.message).toMatch(/for ever: c, a, b$/);
    // Of another tenant it is none.
    await store.pipelines.create({ ...loop('c', 'c.x', 'a.x'), tenantId: 'acme' });
  });

  it('enriches from entities as they were at the event, and from projections', async () => {
    const store = await open();
    const projection = await store.projections.declare({
      name: 'names',
      sourceEventTypes: ['customer.named'],
      fields: { name: { fold: 'last', field: 'name' } },
    });
    const enriched = pipeline('enriched')
      .from('order.placed')
      .enrich({ source: { type: 'entity_state', keyField: 'customer' }, into: 'state' })
      .enrich({
        source: { type: 'projection', name: 'names', keyField: 'customer' },
        into: 'projected',
      })
      .toEvent({ eventType: 'enriched.made' });
    const name = (text: string) =>
      store.append({
        eventType: 'customer.named',
        entityId: 'c-1',
        payload: { name: text },
      });
    await projection.waitFor((await name('Ada')).position);
    await place(store, { customer: 'c-1' });
    await name('Bea');
    await store.pipelines.create(enriched, { id: 'p', from: 'beginning' });
    const derived = () => collect(store.read({ eventType: 'enriched.made' }));
    await until(async () => (await derived()).length === 1);
    expect((await derived())[0]?.payload).toMatchObject({ state: { name: 'Ada' } });
  });

  it('keeps its state when events are dropped from the front of the log', async () => {
    const dataDir = await makeDirectory();
    const store = await openEventStore({ dataDir, segmentBytesMax: 1024 * 1024 });
    await store.pipelines.create(sums, { id: 'p' });
    await place(store, { region: 'eu', total: 3 });
    const payload = 'x'.repeat(4000);
    for (let i = 0; i < 900; i += 1) {
      await store.append({ eventType: 'filler.made', entityId: `f-${i % 100}`, payload });
    }
    await caughtUp(store, 'p', store.watermark);
    expect((await store.dropBefore(store.watermark)).firstPosition).toBeGreaterThan(1);
    await store.close();
    const again = await openStore({ dataDir });
    await place(again, { region: 'eu', total: 4 });
    const last = async () =>
      (
        await again.readPage({
          eventType: 'sum.changed',
          order: 'desc',
          limit: 1,
          fromPosition: (await again.stats()).firstPosition,
        })
      ).events[0]?.payload;
    await until(async () => (await last()) !== undefined);
    expect(await last()).toMatchObject({ value: 7, count: 2 });
  });
});

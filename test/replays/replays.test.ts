import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openEventStore } from '../../src/index.js';
import type { EmbeddedStore, ReplayInfo, ReplayRequest } from '../../src/index.js';
import { ManagedProjection } from '../../src/projections/managedProjection.js';
import { codeOf, errorOf, makeDirectory, openStore } from '../support/store.js';
import { foldOf, place, statesOf, totals } from '../projections/support.js';

async function filled(store: EmbeddedStore, events = 60): Promise<void> {
  for (let i = 0; i < events; i += 1) await place(store, `o-${i % 6}`, i);
}

async function replayed(store: EmbeddedStore, request: ReplayRequest = {}): Promise<ReplayInfo> {
  const { replayId, tenantId } = await store.replays.start(request);
  return store.replays.ended(replayId, { tenantId });
}

/** A projection that does not come past its 30th event while it is closed. */
function blocking() {
  let isClosed = false;
  const projection = totals({
    onError: 'retry',
    on: {
      'order.placed': (state, event) => {
        if (isClosed && event.payload === 30) throw new Error('not yet');
        return { count: state.count + 1, sum: state.sum + Number(event.payload) };
      },
    },
  });
  return { projection, close: () => (isClosed = true), open: () => (isClosed = false) };
}

describe('a replay', () => {
  it.each(['clear', 'blue_green'] as const)('by %s gives the same states again', async (mode) => {
    const store = await openStore({ memory: true });
    const handle = await store.projections.start(totals());
    await filled(store);
    const before = await statesOf(store, handle);
    const info = await replayed(store, { projectionName: 'totals', mode });
    expect(info).toMatchObject({
      ...{ status: 'completed', mode, projections: ['totals'] },
      ...{ totalEvents: 60, processedEvents: 60, failedEvents: 0, progressPercentage: 100 },
      errorMessage: null,
    });
    expect(await statesOf(store, handle)).toEqual(before);
    await handle.waitFor(await place(store, 'o-1', 5));
    expect((await handle.get('o-1'))?.state.count).toBe(11);
  });

  it('takes in every event that is appended meanwhile, once', async () => {
    const store = await openStore({ memory: true });
    const projection = totals();
    const handle = await store.projections.start(projection);
    await filled(store, 600);
    for (const mode of ['clear', 'blue_green'] as const) {
      const replay = replayed(store, { mode });
      for (let i = 0; i < 100; i += 1) await place(store, `o-${i % 6}`, i);
      expect((await replay).status).toBe('completed');
      expect(await statesOf(store, handle)).toEqual(await foldOf(store, projection));
    }
  });

  it('of a part of the log builds the states of that part, and of all that follows', async () => {
    const store = await openStore({ memory: true });
    const handle = await store.projections.start(totals());
    await place(store, 'a', 1);
    await place(store, 'b', 10);
    const { timestamp: since } = await store.append(order('a', 2));
    const { timestamp: until } = await store.append(order('a', 4));
    await place(store, 'a', 8);
    const request = { entityId: 'a', eventType: 'order.placed' };
    const info = await replayed(store, { ...request, fromTimestamp: since, toTimestamp: until });
    expect(info).toMatchObject({ totalEvents: 2, processedEvents: 2 });
    expect(await statesOf(store, handle)).toEqual({ a: { count: 2, sum: 6 } });
    await place(store, 'a', 16);
    await place(store, 'b', 32);
    expect(await statesOf(store, handle)).toEqual({
      a: { count: 3, sum: 22 },
      b: { count: 1, sum: 32 },
    });
  });

  it('of nothing in particular is of all projections of the tenant', async () => {
    const store = await openStore({ memory: true });
    await store.projections.start(totals());
    await store.projections.start(totals({ name: 'others' }));
    await store.projections.start(totals({ name: 'foreign' }), { tenantId: 'acme' });
    await filled(store);
    const info = await replayed(store, { config: { parallel: true, workers: 2 } });
    expect(info).toMatchObject({
      status: 'completed',
      projections: ['totals', 'others'],
      totalEvents: 120,
      processedEvents: 120,
    });
    expect(await replayed(store, { tenantId: 'nobody' })).toMatchObject({
      ...{ status: 'completed', totalEvents: 0, progressPercentage: 100, projections: [] },
    });
  });

  it.each(['clear', 'blue_green'] as const)(
    'by %s that is cancelled changes nothing',
    async (mode) => {
      const store = await openStore({ memory: true });
      const { projection, close } = blocking();
      const handle = await store.projections.start(projection);
      await filled(store);
      const before = await statesOf(store, handle);
      close();
      const { replayId } = await store.replays.start({ mode, config: { batchSize: 7 } });
      await expect.poll(async () => (await handle.info()).failure?.reason).toContain('not yet');
      expect((await handle.info()).status).toBe('rebuilding');
      const shown = (await handle.get('o-1'))?.state;
      expect(shown).toEqual(mode === 'clear' ? { count: 5, sum: 65 } : before['o-1']);
      await expect(store.replays.delete(replayId)).rejects.toMatchObject({
        code: 'replay_running',
      });
      expect(await store.replays.cancel(replayId)).toMatchObject({
        ...{ status: 'cancelled', totalEvents: 60, errorMessage: null, remainingSeconds: null },
      });
      expect(await statesOf(store, handle)).toEqual(before);
      expect((await handle.info()).status).toBe('running');
    },
  );

  it('has nothing of the states of one that was cancelled before it', async () => {
    const store = await openStore({ memory: true });
    const { projection, close, open } = blocking();
    const handle = await store.projections.start(projection);
    await filled(store);
    const before = await statesOf(store, handle);
    close();
    const part = { entityId: 'o-0', config: { batchSize: 1 } };
    const { replayId } = await store.replays.start(part);
    await expect.poll(async () => (await handle.info()).failure?.reason).toContain('not yet');
    await store.replays.cancel(replayId);
    open();
    expect((await replayed(store)).status).toBe('completed');
    expect(await statesOf(store, handle)).toEqual(before);
  });

  it('that fails tells why, and leaves the states as they were', async () => {
    const store = await openStore({ memory: true });
    let isBad = false;
    const projection = totals({
      on: {
        'order.placed': (state, event) => {
          if (isBad && event.position === 42) throw new Error('no room for this');
          return { count: state.count + 1, sum: state.sum };
        },
      },
    });
    const handle = await store.projections.start(projection);
    await filled(store);
    const before = await statesOf(store, handle);
    isBad = true;
    for (const mode of ['clear', 'blue_green'] as const) {
      const info = await replayed(store, { mode });
      expect(info.status).toBe('failed');
      expect(info.errorMessage).toContain('totals at position 42: order.placed: no room for this');
      expect(await statesOf(store, handle)).toEqual(before);
    }
    expect(store.replays.counts()).toMatchObject({ started: 2, completed: 0, failed: 2 });
  });

  it('goes on when the store is opened again', async () => {
    const dataDir = await makeDirectory();
    const first = await openEventStore({ dataDir });
    const { projection, close, open } = blocking();
    const handle = await first.projections.start(projection);
    await filled(first);
    const before = await statesOf(first, handle);
    close();
    const { replayId } = await first.replays.start();
    await expect.poll(async () => (await handle.info()).failure?.reason).toContain('not yet');
    await first.close();
    open();
    const second = await openEventStore({ dataDir });
    // Until its code is started, the states that had been built are shown, and nothing goes on.
    expect(await second.replays.get(replayId)).toMatchObject({ status: 'running' });
    const again = await second.projections.start(projection);
    const info = await second.replays.ended(replayId);
    expect(info).toMatchObject({ status: 'completed', totalEvents: 60, processedEvents: 60 });
    expect(await statesOf(second, again)).toEqual(before);
    await second.close();
  });

  it('counts what was built before a restart, and tells it as no work of its own', async () => {
    const dataDir = await makeDirectory();
    const first = await openEventStore({ dataDir });
    const { projection, close, open } = blocking();
    const others = totals({ name: 'others' });
    await first.projections.start(others);
    const handle = await first.projections.start(projection);
    await filled(first);
    await statesOf(first, handle);
    close();
    const { replayId } = await first.replays.start();
    await expect.poll(async () => (await handle.info()).failure?.reason).toContain('not yet');
    expect(first.replays.counts().eventsProcessed).toBeGreaterThanOrEqual(60);
    await first.close();
    open();
    const second = await openStore({ dataDir });
    await second.projections.start(others);
    await second.projections.start(projection);
    const info = await second.replays.ended(replayId);
    expect(info).toMatchObject({ status: 'completed', totalEvents: 120, processedEvents: 120 });
    expect(second.replays.counts().eventsProcessed).toBeLessThanOrEqual(30);
  });

  it('that is cancelled as a projection is started again leaves nothing to it', async () => {
    const store = await openStore({ memory: true });
    const { projection, close, open } = blocking();
    const others = totals({ name: 'others' });
    await store.projections.start(others);
    const handle = await store.projections.start(projection);
    await filled(store);
    const before = await statesOf(store, handle);
    close();
    const { replayId } = await store.replays.start({
      entityId: 'o-0',
      config: { parallel: true },
    });
    await expect.poll(async () => (await handle.info()).failure?.reason).toContain('not yet');
    // The first of its projections gives way while the second one is started again.
    const { cancelReplay } = ManagedProjection.prototype;
    let started: Promise<unknown> | undefined;
    const spy = vi
      .spyOn(ManagedProjection.prototype, 'cancelReplay')
      .mockImplementation(async function (this: ManagedProjection, id) {
        if (started === undefined) {
          started = store.projections.start(projection);
          await Promise.race([started, new Promise((resolve) => setTimeout(resolve, 300))]);
        }
        return Reflect.apply(cancelReplay, this, [id]);
      });
    onTestFinished(() => spy.mockRestore());
    expect(await store.replays.cancel(replayId)).toMatchObject({ status: 'cancelled' });
    await started;
    expect(await handle.info()).toMatchObject({ status: 'running', rebuild: null });
    open();
    expect(await statesOf(store, handle)).toEqual(before);
  });

  it('that does not end before the store closes tells who waits for it', async () => {
    const dataDir = await makeDirectory();
    const store = await openStore({ dataDir });
    const { projection, close } = blocking();
    const handle = await store.projections.start(projection);
    await filled(store);
    close();
    const { replayId } = await store.replays.start();
    await expect.poll(async () => (await handle.info()).failure?.reason).toContain('not yet');
    const waiting = codeOf(() => store.replays.ended(replayId));
    await store.close();
    expect(await waiting).toBe('store_closed');
    const shown = await openStore({ dataDir, readOnly: true });
    const error = await errorOf(() => shown.replays.ended(replayId));
    expect(error).toMatchObject({ code: 'storage_unavailable' });
    expect(error.message).toContain('read-only');
  });

  it('of a declared projection goes on by itself, and is remembered when it has ended', async () => {
    const dataDir = await makeDirectory();
    const first = await openEventStore({ dataDir });
    const fields = { sum: { fold: 'count' } } as const;
    await first.projections.declare({ name: 'counted', fields });
    await filled(first, 2000);
    const { replayId } = await first.replays.start({ config: { batchSize: 10 } });
    await first.close();
    const second = await openEventStore({ dataDir });
    expect((await second.replays.ended(replayId)).status).toBe('completed');
    await second.close();
    const third = await openEventStore({ dataDir, readOnly: true });
    expect(await third.replays.list()).toMatchObject([{ replayId, processedEvents: 2000 }]);
    await third.close();
  });

  it('tells how far it is, and at what rate', async () => {
    const store = await openStore({ memory: true });
    const { projection, close } = blocking();
    await store.projections.start(projection);
    await filled(store);
    close();
    const config = { batchSize: 10, progressInterval: 5 };
    const { replayId } = await store.replays.start({ config });
    await expect.poll(async () => (await store.replays.get(replayId)).processedEvents).toBe(30);
    const info = await store.replays.get(replayId);
    expect(info.progressPercentage).toBe(50);
    expect(info.eventsPerSecond).toBeGreaterThan(0);
    expect(info.remainingSeconds).toBe(Math.ceil(30 / info.eventsPerSecond));
    await store.replays.cancel(replayId);
  });

  it('of a projection that is deleted meanwhile fails', async () => {
    const store = await openStore({ memory: true });
    const { projection, close } = blocking();
    await store.projections.start(projection);
    await filled(store);
    close();
    const { replayId } = await store.replays.start();
    await store.projections.delete('totals');
    const info = await store.replays.ended(replayId);
    expect(info).toMatchObject({ status: 'failed' });
    expect(info.errorMessage).toContain('was deleted');
    await store.replays.delete(replayId);
    expect(await store.replays.list()).toEqual([]);
  });

  it('waits while the projection is paused', async () => {
    const store = await openStore({ memory: true });
    const { projection, close, open } = blocking();
    const handle = await store.projections.start(projection);
    await filled(store);
    close();
    const { replayId } = await store.replays.start();
    await handle.pause();
    open();
    expect((await store.replays.get(replayId)).status).toMatch(/pending|running/);
    await handle.resume();
    expect(await store.replays.ended(replayId)).toMatchObject({
      status: 'completed',
      errorMessage: null,
    });
  });
});

describe('a replay is refused', () => {
  it.each([
    [{ config: { batchSize: 0 } }, 'config.batch_size'],
    [{ config: { workers: -1 } }, 'config.workers'],
    [{ config: { progressInterval: 0.5 } }, 'config.progress_interval'],
    [{ mode: 'green' }, 'mode'],
    [{ projektion: 'totals' }, 'projektion'],
    [{ fromTimestamp: 2, toTimestamp: 1 }, 'to_timestamp'],
    [{ projectionName: 'totals', eventType: 'order.shipped' }, 'event_type'],
  ] as const)('for %j', async (request, field) => {
    const store = await openStore({ memory: true });
    await store.projections.start(totals());
    await expect(store.replays.start(request as ReplayRequest)).rejects.toMatchObject({
      code: 'validation_error',
      message: expect.stringContaining(`${field}: `),
    });
    expect(await store.replays.list()).toEqual([]);
  });

  it('where there is nothing to replay', async () => {
    const store = await openStore({ memory: true });
    const start = (projectionName: string) => store.replays.start({ projectionName });
    await expect(start('nothing')).rejects.toMatchObject({ code: 'projection_not_found' });
    await expect(start('event_counters')).rejects.toMatchObject({ code: 'unprocessable' });
    await expect(store.replays.get('nothing')).rejects.toMatchObject({ code: 'replay_not_found' });
  });

  it('while another one runs', async () => {
    const store = await openStore({ memory: true });
    const { projection, close, open } = blocking();
    await store.projections.start(projection);
    await filled(store);
    close();
    const { replayId } = await store.replays.start();
    await expect(store.replays.start()).rejects.toMatchObject({ code: 'replay_running' });
    const handle = await store.projections.get('totals');
    await expect(handle.rebuild()).rejects.toMatchObject({ code: 'replay_running' });
    open();
    await store.replays.ended(replayId);
    expect(await handle.rebuild()).toEqual({ keys: 6, different: [] });
  });

  it('where the log has no more all events that it asks for', async () => {
    const store = await openStore({ dataDir: await makeDirectory(), segmentBytesMax: 64 * 1024 });
    const handle = await store.projections.start(totals());
    await filled(store);
    const filler = 'x'.repeat(4_000);
    for (let i = 0; i < 60; i += 1) {
      await store.append({ eventType: 'filler.made', entityId: 'f', payload: filler });
    }
    const before = await statesOf(store, handle);
    const { timestamp } = await store.append(order('o-1', 1));
    expect((await store.dropBefore(store.watermark)).firstPosition).toBeGreaterThan(1);
    expect((await statesOf(store, handle))['o-2']).toEqual(before['o-2']);
    await expect(store.replays.start()).rejects.toMatchObject({ code: 'events_dropped' });
    await expect(handle.rebuild()).rejects.toMatchObject({ code: 'events_dropped' });
    const info = await replayed(store, { fromTimestamp: timestamp });
    expect(info).toMatchObject({ status: 'completed', totalEvents: 1 });
    expect(await statesOf(store, handle)).toEqual({ 'o-1': { count: 1, sum: 1 } });
    // One that is new begins with what is left.
    const other = await store.projections.start(totals({ name: 'new' }));
    expect(await statesOf(store, other)).toEqual({ 'o-1': { count: 1, sum: 1 } });
    const newer = store.projections.start(totals({ version: 2 }));
    await expect(newer).rejects.toMatchObject({ code: 'events_dropped' });
  });
});

function order(entityId: string, payload: number) {
  return { eventType: 'order.placed', entityId, payload };
}

// Replays that fold the keys of a projection in threads: the states are those of one thread.
import { writeFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openEventStore } from '../../src/index.js';
import type {
  EmbeddedStore,
  JsonValue,
  Projection,
  ProjectionHandle,
  ReplayConfig,
  ReplayInfo,
} from '../../src/index.js';
import { makeRandom, seedOf } from '../crash/random.js';
import type { Random } from '../crash/random.js';
import { place, statesOf, totals, until } from '../projections/support.js';
import { codeOf, errorOf, makeDirectory, openStore } from '../support/store.js';
import * as code from './partitioned.mjs';

const known = code as unknown as Readonly<Record<string, Projection>>;

function projectionOf(name: string): Projection {
  const projection = known[name];
  if (projection === undefined) throw new Error(`there is no ${name}`);
  return projection;
}

/** 60 events, and the payload of one of them. */
async function filled(store: EmbeddedStore, payload: JsonValue = 30): Promise<void> {
  for (let i = 0; i < 60; i += 1) await place(store, `o-${i % 6}`, i === 30 ? payload : i);
}

async function replayed(
  store: EmbeddedStore,
  projectionName: string,
  config: ReplayConfig = { partitions: 2 },
): Promise<ReplayInfo> {
  const { replayId } = await store.replays.start({ projectionName, config });
  return store.replays.ended(replayId);
}

async function appendRandom(store: EmbeddedStore, random: Random, count: number): Promise<void> {
  const events = Array.from({ length: count }, () => ({
    eventType: random(25) === 0 ? 'order.deleted' : 'order.placed',
    entityId: `ö-${random(40)}`,
    // Without unlucky ones now and then: each of those is a stop.
    payload: random(400) === 0 ? ([11, 13, 17, 19][random(4)] ?? 0) : 20 + random(80),
  }));
  await store.appendBatch(events, { return: 'summary' });
}

async function keptOf(store: EmbeddedStore, handle: ProjectionHandle) {
  const states = await statesOf(store, handle);
  const { eventsParked } = await handle.info();
  return { states, eventsParked, parked: await handle.parked() };
}

describe('a replay in partitions', () => {
  it.each(['lists', 'customers', 'heads'])(
    'of %s gives the states, and leaves out the events, of a fold on one thread',
    async (name) => {
      const seed = seedOf(process.env['PARTITIONS_SEED']);
      const random = makeRandom(seed);
      const store = await openStore({ memory: true });
      const handle = await store.projections.start(projectionOf(name));
      for (let round = 0; round < 3; round += 1) {
        await appendRandom(store, random, 500 + random(3000));
        const before = await keptOf(store, handle);
        const config = { partitions: 1 + random(4), batchSize: 1 + random(500) };
        const info = await replayed(store, name, config);
        const where = `PARTITIONS_SEED=${seed} ${JSON.stringify(config)}`;
        expect(info, where).toMatchObject({ status: 'completed', errorMessage: null });
        expect(info.processedEvents).toBe(info.totalEvents);
        expect(await keptOf(store, handle), where).toEqual(before);
      }
    },
    120_000,
  );

  it('takes in every event that is appended meanwhile, once', async () => {
    const random = makeRandom(seedOf(process.env['PARTITIONS_SEED']));
    const store = await openStore({ memory: true });
    const handle = await store.projections.start(projectionOf('lists'));
    const others = await store.projections.start({ ...projectionOf('lists'), name: 'others' });
    await appendRandom(store, random, 5000);
    const replay = replayed(store, 'lists', { partitions: 3, batchSize: 100 });
    for (let i = 0; i < 20; i += 1) await appendRandom(store, random, 20);
    expect((await replay).status).toBe('completed');
    expect(await keptOf(store, handle)).toEqual(await keptOf(store, others));
  });

  it('goes on where it was when the store is opened again', async () => {
    const file = obstacle(await makeDirectory());
    const dataDir = await makeDirectory();
    const first = await openEventStore({ dataDir });
    const handle = await first.projections.start(projectionOf('retrying'));
    await filled(first, { obstacle: file.path });
    const before = await statesOf(first, handle);
    file.make();
    const { replayId } = await first.replays.start({ config: { partitions: 2 } });
    await until(async () => (await handle.info()).failure?.reason.includes('no room') === true);
    await first.close();
    file.remove();
    const second = await openStore({ dataDir });
    const again = await second.projections.start(projectionOf('retrying'));
    // All before the event that failed had been written.
    expect((await again.info()).position).toBeGreaterThanOrEqual(31);
    const info = await second.replays.ended(replayId);
    expect(info).toMatchObject({ status: 'completed', totalEvents: 60, processedEvents: 60 });
    expect(await statesOf(second, again)).toEqual(before);
  });

  it('tries an event again where the projection retries', async () => {
    const file = obstacle(await makeDirectory());
    const store = await openStore({ memory: true });
    const handle = await store.projections.start(projectionOf('retrying'));
    await filled(store, { obstacle: file.path });
    const before = await statesOf(store, handle);
    file.make();
    const ended = replayed(store, 'retrying');
    await until(async () => (await handle.info()).failure?.reason.includes('no room') === true);
    file.remove();
    expect((await ended).status).toBe('completed');
    expect(await statesOf(store, handle)).toEqual(before);
  });

  it('fails where the projection stops, and leaves the states as they were', async () => {
    const file = obstacle(await makeDirectory());
    const store = await openStore({ memory: true });
    const handle = await store.projections.start(projectionOf('stopping'));
    await filled(store, { obstacle: file.path });
    const before = await statesOf(store, handle);
    file.make();
    const info = await replayed(store, 'stopping');
    expect(info.status).toBe('failed');
    expect(info.errorMessage).toBe(
      'projection stopping at position 32: order.placed: no room for this',
    );
    file.remove();
    expect(await statesOf(store, handle)).toEqual(before);
    expect((await replayed(store, 'stopping')).status).toBe('completed');
  });

  it('is cancelled in the middle of an event that does not end', async () => {
    const file = obstacle(await makeDirectory());
    const store = await openStore({ memory: true });
    const handle = await store.projections.start(projectionOf('waiting'));
    await filled(store, { obstacle: file.path });
    const before = await statesOf(store, handle);
    file.make();
    // More than there may be threads at once: they are given back.
    for (let i = 0; i < 5; i += 1) {
      const config = { partitions: 8, batchSize: 10 };
      const { replayId } = await store.replays.start({ config });
      await until(async () => (await store.replays.get(replayId)).status === 'running');
      expect((await store.replays.cancel(replayId)).status).toBe('cancelled');
      expect(await statesOf(store, handle)).toEqual(before);
    }
  }, 30_000);

  it('stands still while it is paused, and goes on where it was', async () => {
    const file = obstacle(await makeDirectory());
    const store = await openStore({ memory: true });
    const handle = await store.projections.start(projectionOf('waiting'));
    await filled(store, { obstacle: file.path });
    const before = await statesOf(store, handle);
    file.make();
    const config = { partitions: 2, batchSize: 10 };
    const { replayId } = await store.replays.start({ mode: 'clear', config });
    await until(async () => (await store.replays.get(replayId)).status === 'running');
    await handle.pause();
    file.remove();
    expect(await handle.info()).toMatchObject({ status: 'paused' });
    expect((await handle.info()).position).toBeLessThan(store.watermark);
    await handle.resume();
    expect(await store.replays.ended(replayId)).toMatchObject({ status: 'completed' });
    expect(await statesOf(store, handle)).toEqual(before);
  });

  it('fails where a thread ends by itself', async () => {
    const store = await openStore({ memory: true });
    await store.projections.start(projectionOf('exiting'));
    await filled(store);
    const { status, errorMessage } = await replayed(store, 'exiting');
    expect({ status, errorMessage }).toEqual({
      status: 'failed',
      errorMessage: 'projection exiting: a thread of its partitions: it has ended',
    });
  });

  it('writes fewer states at a time where they are large', async () => {
    const store = await openStore({ memory: true });
    const handle = await store.projections.start(projectionOf('large'));
    const events = Array.from({ length: 250 }, (_, i) => ({
      ...{ eventType: 'order.placed', entityId: `o-${i}`, payload: i },
    }));
    await store.appendBatch(events, { return: 'summary' });
    await handle.waitFor(store.watermark);
    expect((await replayed(store, 'large')).status).toBe('completed');
    expect((await handle.get('o-249'))?.state).toMatchObject({ count: 1 });
  }, 180_000);

  it('of all projections is one of those that may be, and of the others as before', async () => {
    const store = await openStore({ memory: true });
    const handles = [
      await store.projections.start(totals()),
      await store.projections.start(projectionOf('lists')),
    ] as const;
    await filled(store);
    const before = await Promise.all(handles.map((one) => statesOf<unknown>(store, one)));
    for (const config of [{ partitions: 2 }, { parallel: true }]) {
      const { replayId } = await store.replays.start({ config });
      expect((await store.replays.ended(replayId)).status).toBe('completed');
      expect(await Promise.all(handles.map((one) => statesOf<unknown>(store, one)))).toEqual(
        before,
      );
    }
  });
});

describe('partitions are refused', () => {
  it('for a projection that does not say where threads find it', async () => {
    const store = await openStore({ memory: true });
    await store.projections.start(totals());
    const config = { partitions: 2 };
    const start = () => store.replays.start({ projectionName: 'totals', config });
    const { code: errorCode, details } = await errorOf(start);
    expect(errorCode).toBe('validation_error');
    expect(details?.[0]?.field).toBe('config.partitions');
    expect(details?.[0]?.reason).toContain('partitions: { module: import.meta.url, export }');
  });

  it.each([0, 17, 1.5, '2' as unknown as number])('as %s', async (partitions) => {
    const store = await openStore({ memory: true });
    expect(await codeOf(() => store.replays.start({ config: { partitions } }))).toBe(
      'validation_error',
    );
  });

  it('where a thread finds something else', async () => {
    const here = new URL('./partitioned.mjs', import.meta.url).href;
    const wrong = [
      [{ module: here, export: 'heads' }, 'expected projection totals, version 1, got heads'],
      [{ module: here, export: 'missing' }, 'expected what defineProjection gave, got undefined'],
      [{ module: here, export: 'unnamed' }, 'expected what defineProjection gave, got string'],
      [
        { module: 'file:///nowhere.mjs', export: 'totals' },
        "a thread can't import file:///nowhere",
      ],
    ] as const;
    for (const [partitions, reason] of wrong) {
      const store = await openStore({ memory: true });
      await store.projections.start(totals({ partitions }));
      await filled(store);
      const { status, errorMessage } = await replayed(store, 'totals');
      expect(status).toBe('failed');
      expect(errorMessage).toContain(reason);
    }
  });

  it.each([
    [{ module: 'orders.js', export: 'orders' }, 'partitions.module'],
    [{ module: import.meta.url, export: '' }, 'partitions.export'],
    [null as unknown as undefined, 'partitions.module'],
  ])('in a definition: %j', async (partitions, field) => {
    const { message } = await errorOf(async () => totals({ partitions }));
    expect(message).toContain(field);
  });
});

/** While it is there, one event can't be taken in. */
function obstacle(directory: string) {
  const file = join(directory, 'obstacle');
  return { path: file, make: () => writeFileSync(file, ''), remove: () => rmSync(file) };
}

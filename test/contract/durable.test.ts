import { on, once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openEventStore } from '../../src/index.js';
import type { EmbeddedStore, OpenOptions } from '../../src/index.js';
import {
  chunksOf,
  codeOf,
  collect,
  expectIntact,
  expectOrdered,
  line,
  makeDirectory,
  newEvent,
  openStore,
  take,
  uuid,
} from '../support/store.js';

const segmentBytesMin = 64 * 1024;
const worker = new URL('../support/appendingWorker.mjs', import.meta.url);

/** All that a store can be asked for, to compare before and after. */
async function everythingOf(store: EmbeddedStore): Promise<unknown> {
  // Index files are written in the background, so the bytes of all files are another thing.
  const { totalIngested: _ingested, storageBytes: _bytes, ...stats } = await store.stats();
  return {
    events: await collect(store.read()),
    ofOther: await collect(store.read({ tenantId: 'other' })),
    backwards: await collect(store.read({ order: 'desc', limit: 50 })),
    ofType: await collect(store.read({ eventType: 'thing.undone' })),
    bytes: (await store.readBytes({ limit: 10_000 })).bytes.toString(),
    state: await store.state('e1'),
    entities: await store.entities(),
    eventTypes: await store.eventTypes(),
    byId: await store.getEvent(uuid(7)),
    stats,
    watermark: store.watermark,
  };
}

/** Singles and batches of two tenants, more than a few small segments hold. */
async function fill(store: EmbeddedStore, rounds: number): Promise<void> {
  const appends: Promise<unknown>[] = [];
  for (let i = 0; i < rounds; i++) {
    const payload = { i, text: 'x'.repeat((i * 37) % 500) };
    const eventType = i % 7 === 0 ? 'thing.undone' : 'thing.done';
    const eventId = uuid(i);
    appends.push(store.append(newEvent(`e${i % 10}`, payload, { eventType, eventId })));
    const tenantId = i % 3 === 0 ? 'other' : 'default';
    const batch = [1, 2, 3].map((n) => newEvent(`b${n}`, { i, n }, { tenantId }));
    if (i % 5 === 0) appends.push(store.appendBatch(batch));
  }
  await Promise.all(appends);
}

describe.each(['sync', 'async'] as const)('a directory, durability %s', (durability) => {
  const options = async (): Promise<OpenOptions & { dataDir: string }> => ({
    dataDir: await makeDirectory(),
    durability,
    segmentBytesMax: segmentBytesMin,
  });

  it('is the same after it was closed and opened again, over many segments', async () => {
    const where = await options();
    const store = await openStore(where);
    await fill(store, 1500);
    const before = await everythingOf(store);
    expect((await store.stats()).segments).toBeGreaterThan(8);
    await store.close();
    const again = await openStore(where);
    expect(await everythingOf(again)).toEqual(before);
    expect((await again.stats()).totalIngested).toBe(0);
    await expectIntact(again);
  });

  it('goes on where it ended: versions, positions, times, ids', async () => {
    const where = await options();
    for (let round = 1; round <= 6; round++) {
      const store = await openStore(where);
      expect(store.watermark).toBe((round - 1) * 200);
      const appends = Array.from({ length: 200 }, (_, i) =>
        store.append(newEvent(`e${i % 4}`, 'x'.repeat(100), { eventId: uuid(round * 1000 + i) })),
      );
      await Promise.all(appends);
      const known = newEvent('e0', 'x'.repeat(100), { eventId: uuid(1000) });
      expect(await store.append(known)).toMatchObject({ deduplicated: true, position: 1 });
      await store.close();
    }
    const store = await openStore(where);
    expectOrdered(await collect(store.read()));
    await expectIntact(store);
  });

  it('keeps cursors valid', async () => {
    const where = await options();
    const store = await openStore(where);
    await fill(store, 100);
    const first = await store.readPage({ limit: 10 });
    const rest = await collect(store.read({ cursor: first.nextCursor ?? '' }));
    const list = await store.entities({ limit: 2 });
    await store.close();
    const again = await openStore(where);
    expect(await collect(again.read({ cursor: first.nextCursor ?? '' }))).toEqual(rest);
    const { entities } = await again.entities({ limit: 1, cursor: list.nextCursor ?? '' });
    expect(entities).toHaveLength(1);
  });

  it('takes events and batches that are larger than a segment', async () => {
    const where = await options();
    const store = await openStore(where);
    await store.append(newEvent('a', 'small'));
    await store.append(newEvent('a', 'x'.repeat(2_000_000)));
    await store.appendBatch(Array.from({ length: 400 }, () => newEvent('b', 'y'.repeat(1000))));
    await store.append(newEvent('a', 'small'));
    const before = await collect(store.read());
    await store.close();
    const again = await openStore(where);
    expect(await collect(again.read())).toEqual(before);
    await expectIntact(again);
  });

  it('subscribes over the end of segments', async () => {
    const store = await openStore(await options());
    const seen = take(store.subscribe({ from: 'beginning' }).events(), 2000);
    const lines = Array.from({ length: 2000 }, (_, i) => line('a', `{"i":${i}}`));
    await store.ingest(chunksOf(lines.join('\n')), { batchEvents: 50 });
    expect((await seen).map(({ position }) => position)).toEqual(lines.map((_, i) => i + 1));
  });
});

describe('a data directory', () => {
  it('is made with its parents, and holds the lock, the store’s file and the log', async () => {
    const dataDir = join(await makeDirectory(), 'a', 'b');
    const store = await openStore({ dataDir });
    expect((await readdir(dataDir)).sort()).toEqual(['LOCK', 'STORE', 'log']);
    await store.append(newEvent('a'));
    expect(await readdir(join(dataDir, 'log'))).toEqual(['00000000000000000001.seg']);
  });

  it('has one writer at a time; the next may come as soon as it is closed', async () => {
    const dataDir = await makeDirectory();
    for (let round = 0; round < 10; round++) {
      const store = await openStore({ dataDir });
      expect(await codeOf(() => openEventStore({ dataDir }))).toBe('store_locked');
      await store.append(newEvent('a', round));
      await store.close();
    }
    const store = await openStore({ dataDir });
    expect(store.watermark).toBe(10);
  });

  it('may be read beside its writer: what was durable when the reader opened', async () => {
    const dataDir = await makeDirectory();
    const options = { dataDir, segmentBytesMax: segmentBytesMin };
    const store = await openStore(options);
    await fill(store, 200);
    const before = await everythingOf(store);
    const reader = await openStore({ ...options, readOnly: true });
    const writing = fill(store, 600);
    const second = await openStore({ ...options, readOnly: true });
    await writing;
    expect(reader.readOnly).toBe(true);
    expect(reader.damage).toBeNull();
    expect(await everythingOf(reader)).toEqual(before);
    const { length } = await collect(second.read());
    expect(second.watermark).toBeGreaterThanOrEqual(reader.watermark);
    expect(length).toBeGreaterThan(0);
    for (const append of [
      () => reader.append(newEvent('a')),
      () => reader.appendBatch([newEvent('a')]),
      () => reader.ingest(chunksOf(line('a'))),
    ]) {
      expect(await codeOf(append)).toBe('storage_unavailable');
    }
    await expectIntact(reader);
    await expectIntact(store);
  });

  it('is opened by a reader at any moment of writing', async () => {
    const dataDir = await makeDirectory();
    const options = { dataDir, segmentBytesMax: segmentBytesMin };
    const store = await openStore(options);
    let isDone = false;
    const writing = fill(store, 4000).finally(() => (isDone = true));
    let rounds = 0;
    for (let last = 0; !isDone || rounds < 5; rounds++) {
      const reader = await openEventStore({ ...options, readOnly: true });
      expect(reader.damage).toBeNull();
      expect(reader.watermark).toBeGreaterThanOrEqual(last);
      last = reader.watermark;
      const events = await collect(reader.read());
      const others = await collect(reader.read({ tenantId: 'other' }));
      expect(events.length + others.length).toBe(last);
      await reader.close();
    }
    await writing;
  });

  it('of two stores in one process are kept apart', async () => {
    const [one, two] = [
      await openStore({ memory: true }),
      await openStore({ dataDir: await makeDirectory() }),
    ];
    await Promise.all([
      ...Array.from({ length: 300 }, (_, i) => one.append(newEvent('one', i))),
      ...Array.from({ length: 200 }, (_, i) => two.append(newEvent('two', i))),
    ]);
    expect([one.watermark, two.watermark]).toEqual([300, 200]);
    expect(await collect(one.read({ entityId: 'two' }))).toEqual([]);
    expect(await collect(two.read({ entityId: 'one' }))).toEqual([]);
    await one.close();
    expect(await collect(two.read())).toHaveLength(200);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no place', {}],
    ['two places', { dataDir: 'x', memory: true }],
    ['an empty path', { dataDir: '' }],
    ['a path that is no text', { dataDir: 5 }],
    ['a path with NUL', { dataDir: 'a\0b' }],
    ['an unknown option', { memory: true, colour: 'red' }],
    ['memory that is no boolean', { memory: 'yes' }],
    ['readOnly that is no boolean', { dataDir: 'x', readOnly: 1 }],
    ['readOnly in memory', { memory: true, readOnly: true }],
    ['an unknown durability', { dataDir: 'x', durability: 'maybe' }],
    ['a name of every object as durability', { dataDir: 'x', durability: 'toString' }],
    ['segments that are too small', { memory: true, segmentBytesMax: segmentBytesMin - 1 }],
    ['segments that are too large', { memory: true, segmentBytesMax: 2 ** 31 + 1 }],
    ['segments of no number', { memory: true, segmentBytesMax: '64' }],
    ['a queue of nothing', { memory: true, queueBytesMax: 0 }],
    ['a queue of half a byte', { memory: true, queueBytesMax: 1.5 }],
  ])('is not opened with %s', async (_, options) => {
    const open = (): unknown => openEventStore(options as OpenOptions);
    expect(await codeOf(open)).toBe('invalid_configuration');
  });

  it('is not opened where there is no store to read, or no directory can be', async () => {
    const directory = await makeDirectory();
    const missing = join(directory, 'missing');
    expect(await codeOf(() => openEventStore({ dataDir: missing, readOnly: true }))).toBe(
      'invalid_configuration',
    );
    expect(await readdir(directory)).toEqual([]);
    const file = join(directory, 'file');
    await writeFile(file, 'text');
    for (const readOnly of [true, false]) {
      expect(await codeOf(() => openEventStore({ dataDir: file, readOnly }))).toBe(
        'invalid_configuration',
      );
    }
  });
});

describe('worker threads', () => {
  function start(dataDir: string, kind: string): Worker {
    const thread = new Worker(worker, { workerData: { dataDir, kind } });
    onTestFinished(async () => {
      await thread.terminate();
    });
    return thread;
  }

  it('open and use stores of their own', async () => {
    const dataDir = await makeDirectory();
    const thread = start(dataDir, 'finish');
    const [message] = await once(thread, 'message');
    expect(message).toBe(500);
    await once(thread, 'exit');
    const store = await openStore({ dataDir });
    expect(store.watermark).toBe(500);
  });

  it.each(['appending', 'opening', 'reading', 'verifying', 'closing'])(
    'may be ended while %s: the process lives, the store opens again',
    async (kind) => {
      const dataDir = await makeDirectory();
      let acknowledged = 0;
      for (let round = 0; round < 8; round++) {
        const thread = start(dataDir, kind);
        const before = acknowledged;
        for await (const [count] of on(thread, 'message') as AsyncIterable<[number]>) {
          acknowledged = Math.max(acknowledged, count);
          if (kind !== 'appending' || acknowledged > before) break;
        }
        await thread.terminate();
        const store = await openEventStore({ dataDir });
        expect(store.watermark).toBeGreaterThanOrEqual(acknowledged);
        expectOrdered(await collect(store.read()));
        await expectIntact(store);
        acknowledged = store.watermark;
        await store.close();
      }
    },
  );
});

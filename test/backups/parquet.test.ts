// Events that were dropped from the log are in Parquet files only: a backup has these, too.
import { readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { restoreBackup } from '../../src/index.js';
import type { EmbeddedStore, RestoreOptions } from '../../src/index.js';
import { eventsOf, fill, rowsOf, segmentBytesMax } from '../parquet/support.js';
import { collect, errorOf, makeDirectory, openStore } from '../support/store.js';
import { namesIn } from './support.js';

// A thread of low priority takes its time where the machine is busy.
vi.setConfig({ testTimeout: 120_000 });

const parquet = { minFiles: 2 };

async function openTier(dataDir: string, readOnly = false): Promise<EmbeddedStore> {
  return openStore({ dataDir, segmentBytesMax, parquet, readOnly });
}

/** A store that keeps some events in its log, and all that it ever had, in their order. */
async function openDropped(): Promise<{ store: EmbeddedStore; ids: string[] }> {
  const store = await openTier(join(await makeDirectory(), 'data'));
  await fill(store, 3000);
  const ids = (await eventsOf(store)).map(({ id }) => id);
  await store.retention.set({ name: 'newest', keepEvents: 1000 });
  await drop(store);
  return { store, ids };
}

/** The log drops what has its index file. */
async function drop(store: EmbeddedStore): Promise<void> {
  const all = async () => store.counters().indexedSegments >= (await store.stats()).segments - 1;
  await expect.poll(all, { timeout: 20_000 }).toBe(true);
  expect((await store.retention.run()).segments).toBeGreaterThan(2);
}

/** More events, of which the log drops some; their ids behind those that there were. */
async function goOn(
  store: EmbeddedStore,
  ids: readonly string[],
  events = 2000,
): Promise<string[]> {
  const from = store.watermark + 1;
  await fill(store, events, { from: ids.length });
  const more = await idsFrom(store, from);
  await drop(store);
  return [...ids, ...more];
}

async function idsFrom(store: EmbeddedStore, fromPosition: number): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of store.read({ fromPosition })) ids.push(id);
  return ids;
}

/** Ids of the events of Parquet files, and of those behind them in the log. */
async function allIds(store: EmbeddedStore): Promise<string[]> {
  const files = await store.parquet.files();
  const rows = await rowsOf(files.map(({ name }) => join(store.parquet.directory, name)));
  const behind = await idsFrom(store, (files.at(-1)?.lastPosition ?? 0) + 1);
  return [...rows.map((row) => row.event_id), ...behind];
}

async function restored(options: Omit<RestoreOptions, 'dataDir'>): Promise<EmbeddedStore> {
  const dataDir = join(await makeDirectory(), 'restored');
  const { lastPosition } = await restoreBackup({ ...options, dataDir });
  const store = await openTier(dataDir);
  expect(store.watermark).toBe(lastPosition);
  return store;
}

/** It has these events. */
async function expectWhole(store: EmbeddedStore, ids: readonly string[]): Promise<void> {
  const { firstPosition } = await store.stats();
  const files = await store.parquet.files();
  expect((files.at(-1)?.lastPosition ?? 0) + 1).toBeGreaterThanOrEqual(firstPosition);
  expect(await allIds(store)).toEqual(ids);
  expect((await store.parquet.verify()).ok).toBe(true);
}

/** It has these events, keeps them, and goes on. */
async function expectToGoOn(store: EmbeddedStore, ids: readonly string[]): Promise<void> {
  await expectWhole(store, ids);
  const files = await store.parquet.files();
  const dataDir = join(store.parquet.directory, '..');
  await store.close();
  const reader = await openTier(dataDir, true);
  expect(await reader.parquet.files()).toEqual(files);
  await reader.close();
  const again = await openTier(dataDir);
  // It may have been set behind the place that the log was restored to.
  await again.retention.set({ name: 'newest', keepEvents: 1000 });
  const all = await goOn(again, ids);
  await again.parquet.compact({ strategy: 'fullcompaction' });
  await again.parquet.compact({ strategy: 'fullcompaction' });
  expect(await allIds(again)).toEqual(all);
  expect((await again.parquet.verify()).ok).toBe(true);
  await again.close();
  const last = await openTier(dataDir);
  expect(await allIds(last)).toEqual(all);
  await last.close();
}

function parquetOf(names: readonly string[]): string[] {
  return names.filter((name) => name.endsWith('.parquet'));
}

describe('a backup of a log whose beginning was dropped', () => {
  it('has the Parquet files of what was dropped, and a store that is restored has them', async () => {
    const { store, ids } = await openDropped();
    const { firstPosition } = await store.stats();
    const files = await store.parquet.files();
    const dropped = files.filter((file) => file.firstPosition < firstPosition);
    expect(dropped.length).toBeGreaterThan(2);
    expect(files.length).toBeGreaterThan(dropped.length);
    const info = await store.backups.create();
    const { directory } = store.backups;
    const names = parquetOf(await namesIn(join(directory, info.backupId)));
    // What the log has, files are made of again.
    expect(names).toEqual(dropped.map(({ name }) => name));
    const report = await store.backups.verify(info.backupId);
    expect([report.ok, report.bytes]).toEqual([true, info.restoredBytes]);
    const again = await restored({ backupDir: directory });
    expect(await again.parquet.files()).toEqual(dropped);
    await expectToGoOn(again, ids);
  });

  it('has none where the log has all', async () => {
    const store = await openTier(join(await makeDirectory(), 'data'));
    await fill(store, 2000);
    await store.parquet.compact();
    await store.backups.create();
    const { directory } = store.backups;
    expect(parquetOf(await namesIn(directory))).toEqual([]);
    const again = await restored({ backupDir: directory });
    expect(await again.parquet.files()).toEqual([]);
    expect((await again.parquet.compact()).filesWritten).toBeGreaterThan(1);
    expect((await again.parquet.verify()).ok).toBe(true);
  });

  it('shares them with the one before, and copies those that were merged', async () => {
    const { store, ids: before } = await openDropped();
    const { directory } = store.backups;
    const from = store.watermark + 1;
    await fill(store, 1500, { from: before.length });
    const ids = [...before, ...(await idsFrom(store, from))];
    const full = await store.backups.create();
    // Its end is still in the log: only so it can be gone on from.
    const all = await goOn(store, ids, 500);
    const next = await store.backups.create({ type: 'incremental' });
    expect(next.baseId).toBe(full.backupId);
    const own = async (backupId: string) => parquetOf(await namesIn(join(directory, backupId)));
    const first = await own(full.backupId);
    const second = await own(next.backupId);
    expect(first.length * second.length).toBeGreaterThan(0);
    expect(first.filter((name) => second.includes(name))).toEqual([]);
    await store.parquet.compact({ strategy: 'fullcompaction' });
    const last = await store.backups.create({ type: 'incremental' });
    expect(await own(last.backupId)).toHaveLength(1);
    const pruned = await store.backups.prune({ keep: 2 });
    expect(pruned.deleted).toEqual([full.backupId]);
    expect(await own(full.backupId)).toEqual(first);
    for (const backupId of [next.backupId, last.backupId]) {
      expect((await store.backups.verify(backupId)).ok).toBe(true);
      await expectWhole(await restored({ backupDir: directory, backupId }), all);
    }
    await store.backups.prune({ keep: 1 });
    expect(parquetOf(await namesIn(directory))).toHaveLength(1);
    expect((await store.backups.verify(last.backupId)).ok).toBe(true);
  });

  it('is restored to a position before files were merged, without what came behind it', async () => {
    const { store, ids: before } = await openDropped();
    const { firstPosition } = await store.stats();
    const begin = store.watermark + 1;
    await fill(store, 1000, { from: before.length });
    const ids = [...before, ...(await idsFrom(store, begin))];
    const position = store.watermark - 200;
    const kept = (await idsFrom(store, firstPosition)).length;
    const left = (await idsFrom(store, position + 1)).length;
    expect(kept).toBeGreaterThan(left);
    await fill(store, 1000, { from: ids.length });
    await store.parquet.compact({ strategy: 'fullcompaction' });
    await store.parquet.compact({ strategy: 'fullcompaction' });
    const files = await store.parquet.files();
    expect(files).toHaveLength(1);
    expect(files[0]?.lastPosition).toBeGreaterThan(position);
    await store.backups.create();
    const again = await restored({ backupDir: store.backups.directory, position });
    const [cut] = await again.parquet.files();
    expect(cut).toMatchObject({ firstPosition: 1, lastPosition: firstPosition - 1 });
    expect(cut?.firstTimestamp).toBe(files[0]?.firstTimestamp);
    expect(cut?.eventCount).toBe(ids.length - kept);
    const lost = ids.length - (await allIds(again)).length;
    expect(lost).toBeGreaterThanOrEqual(left);
    // An append of 500 events is there as a whole or not at all.
    expect(lost).toBeLessThan(left + 500);
    expect(parquetOf(await readdir(again.parquet.directory))).toEqual([cut?.name]);
    expect((await again.stats()).firstPosition).toBe(firstPosition);
    await expectToGoOn(again, ids.slice(0, ids.length - lost));
  });

  it('is restored to no position without what the store keeps of itself', async () => {
    const store = await openTier(join(await makeDirectory(), 'data'));
    await store.schemas.register('order.placed', { type: 'object' });
    await fill(store, 3000);
    await store.retention.set({ name: 'newest', keepEvents: 1000 });
    const end = store.watermark;
    await drop(store);
    await fill(store, 500, { from: 3000 });
    const info = await store.backups.create();
    expect(info.firstPosition).toBeGreaterThan(1000);
    expect(info.restorableFrom).toBeGreaterThan(end);
    expect(info.restorableFrom).toBeLessThan(info.toPosition - 400);
    const backupDir = store.backups.directory;
    const dataDir = join(await makeDirectory(), 'restored');
    const target = { backupDir, dataDir, position: info.restorableFrom - 1 };
    const refused = await errorOf(() => restoreBackup(target));
    expect(refused.code).toBe('validation_error');
    expect(refused.message).toContain(`position: expected position ${info.restorableFrom} or`);
    const [event] = await collect(store.read({ fromPosition: end - 10, limit: 1 }));
    const late = await errorOf(() => restoreBackup({ backupDir, dataDir, time: event?.timestamp }));
    expect(late.code).toBe('validation_error');
    // Or where the events before are known by an index file only, which can't be cut.
    expect(late.message).toMatch(/time: expected position|the log can't end with position/);
    const again = await restored({ backupDir, position: info.restorableFrom });
    expect(await again.schemas.list()).toMatchObject([{ subject: 'order.placed' }]);
    expect(await again.retention.list()).toMatchObject([{ name: 'newest' }]);
  });

  it('is taken again of a store that was restored', async () => {
    const { store, ids } = await openDropped();
    await store.backups.create();
    const again = await restored({ backupDir: store.backups.directory });
    await again.backups.create();
    await expectWhole(await restored({ backupDir: again.backups.directory }), ids);
  });

  it('is whole while files are merged and events dropped', async () => {
    const { store, ids } = await openDropped();
    let all = ids;
    let isDone = false;
    const working = (async () => {
      for (let i = 0; i < 3; i += 1) {
        all = await goOn(store, all);
        await store.parquet.compact({ strategy: 'fullcompaction' });
      }
      isDone = true;
    })();
    const infos = [];
    for (let i = 0; !isDone; i += 1) {
      infos.push(await store.backups.create({ type: i % 4 === 0 ? 'full' : 'incremental' }));
    }
    await working;
    expect(infos.length).toBeGreaterThan(3);
    for (const { backupId } of infos.filter((_, i) => i % Math.ceil(infos.length / 5) === 0)) {
      expect((await store.backups.verify(backupId)).ok).toBe(true);
      const again = await restored({ backupDir: store.backups.directory, backupId });
      const found = await allIds(again);
      expect(found).toEqual(all.slice(0, found.length));
      expect((await again.parquet.verify()).ok).toBe(true);
      await again.close();
    }
  });
});

describe('a Parquet file', () => {
  it('that is damaged in a backup is named by verify and by restore', async () => {
    const { store } = await openDropped();
    const { backupId } = await store.backups.create();
    const { directory } = store.backups;
    const [name = ''] = parquetOf(await namesIn(join(directory, backupId)));
    const file = join(directory, backupId, name);
    const bytes = await readFile(file);
    const flipped = Buffer.from(bytes);
    flipped[bytes.length >> 1] = (flipped[bytes.length >> 1] ?? 0) ^ 1;
    const dataDir = join(await makeDirectory(), 'restored');
    for (const damage of [
      () => writeFile(file, flipped),
      () => truncate(file, bytes.length - 1),
      () => rm(file),
    ]) {
      await damage();
      const report = await store.backups.verify(backupId);
      const damaged = report.files.filter(({ ok }) => !ok).map((one) => one.file);
      expect([report.ok, report.rootHash, damaged]).toEqual([false, null, [file]]);
      const error = await errorOf(() => restoreBackup({ backupDir: directory, dataDir }));
      expect([error.code, error.message.includes(file)]).toEqual(['backup_damaged', true]);
      await writeFile(file, bytes);
    }
    expect((await store.backups.verify(backupId)).ok).toBe(true);
    expect(await namesIn(join(dataDir, '..'))).toEqual([]);
  });

  it('that is lost or damaged in the store fails a backup where only it has its events', async () => {
    const { store, ids } = await openDropped();
    const first = await store.backups.create();
    const { directory } = store.backups;
    const names = await namesIn(directory);
    const [{ name, sizeBytes } = { name: '', sizeBytes: 0 }] = await store.parquet.files();
    const file = join(store.parquet.directory, name);
    for (const [damage, what] of [
      [() => writeFile(file, Buffer.alloc(sizeBytes)), 'its bytes do not have the SHA-256'],
      [() => truncate(file, 1), `the file has 1 bytes, its record says ${sizeBytes}`],
      [() => rm(file), 'the file is missing'],
    ] as const) {
      await damage();
      const error = await errorOf(() => store.backups.create());
      expect(error.code).toBe('storage_damaged');
      expect(error.message).toContain(`${file}: ${what}`);
      expect(await namesIn(directory)).toEqual(names);
    }
    // The one before has it.
    const next = await store.backups.create({ type: 'incremental' });
    expect(next.baseId).toBe(first.backupId);
    await expectWhole(await restored({ backupDir: directory }), ids);
    // What the log has is no matter of a backup.
    await writeFile(file, await readFile(join(directory, first.backupId, name)));
    await rm(join(store.parquet.directory, (await store.parquet.files()).at(-1)?.name ?? ''));
    expect((await store.backups.create()).backupType).toBe('full');
  });
});

it('a list of restored files that is damaged is named', async () => {
  const { store } = await openDropped();
  await store.backups.create();
  const again = await restored({ backupDir: store.backups.directory });
  const list = join(again.parquet.directory, 'RESTORED');
  await writeFile(list, '[');
  const error = await errorOf(() => again.parquet.files());
  expect([error.code, error.message.includes(list)]).toEqual(['storage_damaged', true]);
});

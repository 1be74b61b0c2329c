import { access, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { backupsIn, openEventStore, restoreBackup } from '../../src/index.js';
import type { BackupProgress } from '../../src/index.js';
import {
  codeOf,
  collect,
  errorOf,
  makeDirectory,
  newEvent,
  openStore,
  wrong,
} from '../support/store.js';
import { fill, namesIn, openSmall, restoreAndOpen } from './support.js';

const never = '20260131-093000-00000000';

describe('what is asked for', () => {
  it('is refused of a store in memory', async () => {
    const { backups } = await openStore({ memory: true });
    for (const call of [
      () => backups.create(),
      () => backups.list(),
      () => backups.verify(never),
      () => backups.delete(never),
      () => backups.prune({ keep: 1 }),
    ]) {
      expect(await errorOf(call)).toMatchObject({ code: 'unprocessable', status: 422 });
    }
    expect(backups.counts()).toMatchObject({ created: 0, lastCreatedAt: null });
  });

  it('is checked, and the message names the field', async () => {
    const { backups } = await openSmall();
    expect(await errorOf(() => backups.create({ type: wrong('whole') }))).toMatchObject({
      code: 'validation_error',
      message: `type: expected 'full' or 'incremental', got "whole"`,
    });
    expect(await codeOf(() => backups.create(wrong({ kind: 'full' })))).toBe('validation_error');
    for (const keep of [0, 1.5, -1, wrong('2')]) {
      expect((await errorOf(() => backups.prune({ keep }))).message).toContain('keep');
    }
    for (const id of [never, '../data', '', wrong(7)]) {
      expect(await codeOf(() => backups.verify(id))).toBe('backup_not_found');
      expect(await codeOf(() => backups.delete(id))).toBe('backup_not_found');
    }
    expect(await codeOf(() => backupsIn(''))).toBe('validation_error');
  });

  it.each([
    [{ everyHours: -1 }, 'backups.everyHours'],
    [{ keep: 0.5 }, 'backups.keep'],
    [{ fullEvery: 0 }, 'backups.fullEvery'],
    [{ directory: '' }, 'backups.directory'],
    [{ folder: 'x' }, 'backups.folder'],
  ])('is refused when the store opens: %j', async (policy, field) => {
    const dataDir = await makeDirectory();
    const error = await errorOf(() => openEventStore({ dataDir, backups: wrong(policy) }));
    expect(error.code).toBe('invalid_configuration');
    expect(error.message).toContain(field);
    // Nothing was opened before it was checked.
    await openStore({ dataDir });
  });

  it('is refused in the directory of another store', async () => {
    const directory = await makeDirectory();
    const first = await openStore({ dataDir: await makeDirectory(), backups: { directory } });
    await first.backups.create();
    const second = await openStore({ dataDir: await makeDirectory(), backups: { directory } });
    const error = await errorOf(() => second.backups.create());
    expect(error).toMatchObject({ code: 'unprocessable' });
    expect(error.message).toContain('backups of another store');
  });
});

describe('a backup', () => {
  it('has all events of its time, and is the store again', async () => {
    const store = await openSmall();
    await fill(store, 300);
    const info = await store.backups.create();
    const head = await store.treeHead();
    await fill(store, 20);
    expect(info).toMatchObject({
      ...{ backupType: 'full', baseId: null, firstPosition: 1, fromPosition: 1 },
      ...{ toPosition: head.treeSize, eventCount: head.treeSize, rootHash: head.rootHash },
    });
    expect(info.sizeBytes).toBe(info.restoredBytes);
    expect(await store.backups.list()).toEqual({ backups: [info], damaged: [], running: null });
    const report = await store.backups.verify(info.backupId);
    expect(report).toMatchObject({ ok: true, events: head.treeSize, rootHash: head.rootHash });
    expect(report.files.length).toBeGreaterThan(5);

    const { restored, store: again } = await restoreAndOpen({ backupDir: store.backups.directory });
    expect(restored).toMatchObject({ backupId: info.backupId, lastPosition: head.treeSize });
    expect(restored.lastTimestamp).toBe(info.toTimestamp);
    const lastPosition = head.treeSize;
    const events = await collect(store.read({ limit: lastPosition }));
    expect(await collect(again.read())).toEqual(events);
    // It goes on as the same store.
    await fill(again, 100);
    expect(again.watermark).toBeGreaterThan(lastPosition + 100);
    const { dataDir } = restored;
    await again.close();
    expect((await (await openSmall(dataDir)).verify()).ok).toBe(true);
  });

  it('of an empty store is one without events', async () => {
    const store = await openSmall();
    const info = await store.backups.create();
    expect(info).toMatchObject({
      eventCount: 0,
      fromPosition: 1,
      toPosition: 0,
      toTimestamp: null,
    });
    const { restored, store: again } = await restoreAndOpen({ backupDir: store.backups.directory });
    expect(restored).toMatchObject({ lastPosition: 0, lastTimestamp: null });
    expect(await again.append(newEvent('a'))).toMatchObject({ position: 1 });
  });

  it('is made by a reader beside the writer, and by one directory for both', async () => {
    const dataDir = await makeDirectory();
    const store = await openSmall(dataDir);
    await fill(store, 100);
    const reader = await openStore({ dataDir, readOnly: true });
    await fill(store, 100);
    const info = await reader.backups.create();
    expect(info.toPosition).toBe(reader.watermark);
    expect((await store.backups.verify(info.backupId)).ok).toBe(true);
    expect(await store.backups.create({ type: 'incremental' })).toMatchObject({
      baseId: info.backupId,
      fromPosition: info.toPosition + 1,
    });
  });

  it('is taken while others append, and holds whole appends', async () => {
    const store = await openSmall();
    let isDone = false;
    const appending = (async () => {
      while (!isDone) await fill(store, 5);
    })();
    const infos = [];
    for (let i = 0; i < 8; i += 1) {
      infos.push(await store.backups.create({ type: i === 0 ? 'full' : 'incremental' }));
    }
    isDone = true;
    await appending;
    for (const { backupId, toPosition, rootHash } of infos) {
      expect((await store.backups.verify(backupId)).ok).toBe(true);
      expect((await store.treeHead({ treeSize: toPosition })).rootHash).toBe(rootHash);
    }
    await restoreAndOpen({ backupDir: store.backups.directory });
  });

  it('is one at a time', async () => {
    const store = await openSmall();
    await fill(store, 600);
    const first = store.backups.create();
    await expect
      .poll(() => store.backups.list(), { interval: 1 })
      .toMatchObject({ running: { backupType: 'full' } });
    const second = codeOf(() => store.backups.create());
    const third = codeOf(() => backupsIn(store.backups.directory).prune({ keep: 1 }));
    expect([await second, await third]).toEqual(['backup_running', 'backup_running']);
    expect((await first).eventCount).toBe(store.watermark);
    expect(store.backups.counts()).toMatchObject({ created: 1, failed: 0 });
    expect((await store.backups.list()).running).toBe(null);
  });

  it('tells how far it is, and ends with its signal', async () => {
    const store = await openSmall();
    await fill(store, 200);
    const seen: BackupProgress[] = [];
    const { restoredBytes } = await store.backups.create({ onProgress: (one) => seen.push(one) });
    expect(seen.at(-1)).toEqual({ bytesDone: restoredBytes, bytesTotal: restoredBytes });
    const before = await namesIn(store.backups.directory);
    expect(await codeOf(() => store.backups.create({ signal: AbortSignal.abort() }))).toBe(
      'aborted',
    );
    expect(await namesIn(store.backups.directory)).toEqual(before);
    const signal = AbortSignal.abort();
    const { backups } = await store.backups.list();
    expect(await codeOf(() => store.backups.verify(backups[0]?.backupId ?? '', { signal }))).toBe(
      'aborted',
    );
  });

  it('that is under way ends when the store closes', async () => {
    const store = await openSmall();
    await fill(store, 200);
    const made = codeOf(() => store.backups.create());
    await store.close();
    expect(await made).toBe('store_closed');
    expect(await codeOf(() => store.backups.create())).toBe('store_closed');
    expect(await namesIn(store.backups.directory)).toEqual([]);
  });
});

describe('an incremental backup', () => {
  it('copies only what is new', async () => {
    const store = await openSmall();
    await fill(store, 400);
    const full = await store.backups.create({ type: 'incremental' });
    expect(full).toMatchObject({ backupType: 'full', baseId: null });
    await fill(store, 20);
    const next = await store.backups.create({ type: 'incremental' });
    expect(next).toMatchObject({ backupType: 'incremental', baseId: full.backupId });
    expect(next.fromPosition).toBe(full.toPosition + 1);
    expect(next.eventCount).toBe(store.watermark - full.toPosition);
    expect(next.sizeBytes).toBeLessThan(full.sizeBytes / 3);
    const same = await store.backups.create({ type: 'incremental' });
    expect(same).toMatchObject({ eventCount: 0, sizeBytes: 64, rootHash: next.rootHash });
    await restoreAndOpen({ backupDir: store.backups.directory, backupId: same.backupId });
  });

  it('copies a file again that its base does not have any more', async () => {
    const store = await openSmall();
    await fill(store, 200);
    const { backupId } = await store.backups.create();
    await rm(join(store.backups.directory, backupId, '00000000000000000001.seg'));
    const next = await store.backups.create({ type: 'incremental' });
    expect((await store.backups.verify(next.backupId)).ok).toBe(true);
    expect((await store.backups.verify(backupId)).ok).toBe(false);
  });

  it('shares nothing with a history that the store has left', async () => {
    const store = await openSmall();
    const { directory } = store.backups;
    await fill(store, 200);
    const early = await store.backups.create();
    await fill(store, 200);
    const late = await store.backups.create({ type: 'incremental' });
    const place = join(await makeDirectory(), 'restored');
    const position = late.toPosition - 20;
    await store.close();
    await restoreBackup({ backupDir: directory, dataDir: place, position });
    const again = await openStore({ dataDir: place, backups: { directory } });
    await fill(again, 100);
    expect(again.watermark).toBeGreaterThan(late.toPosition);
    const other = await again.backups.create({ type: 'incremental' });
    expect(other.baseId).toBe(early.backupId);
    expect((await again.treeHead()).rootHash).toBe(other.rootHash);
    expect((await again.backups.verify(other.backupId)).ok).toBe(true);
    expect((await again.backups.verify(late.backupId)).ok).toBe(true);
  });
});

describe('deleting and pruning', () => {
  it('leaves the files that other backups need, as long as they do', async () => {
    const store = await openSmall();
    const { backups } = store;
    const infos = [];
    for (let i = 0; i < 4; i += 1) {
      await fill(store, 100);
      infos.push(await backups.create({ type: 'incremental' }));
    }
    const [first, second, third, last] = infos.map(({ backupId }) => backupId);
    await backups.delete(first ?? '');
    expect(await codeOf(() => backups.verify(first ?? ''))).toBe('backup_not_found');
    const names = await namesIn(backups.directory);
    expect(names).toContain(`${first}/00000000000000000001.seg`);
    const pruned = await backups.prune({ keep: 1 });
    expect(pruned.deleted).toEqual([third, second]);
    expect(pruned.freedBytes).toBeGreaterThan(0);
    expect((await backups.list()).backups.map(({ backupId }) => backupId)).toEqual([last]);
    expect((await backups.verify(last ?? '')).ok).toBe(true);
    await restoreAndOpen({ backupDir: backups.directory });
    await backups.delete(last ?? '');
    expect(await namesIn(backups.directory)).toEqual([]);
  });

  it('a backup removes what such as never ended have left', async () => {
    const store = await openSmall();
    await fill(store, 10);
    const left = join(store.backups.directory, never);
    await mkdir(left, { recursive: true });
    await writeFile(join(left, 'manifest.json.tmp'), '{');
    await writeFile(join(left, 'STORE'), 'x');
    // What it does not know it leaves alone.
    await mkdir(join(store.backups.directory, 'mine'));
    await store.backups.create();
    const names = await namesIn(store.backups.directory);
    expect(names.filter((name) => name.startsWith(never))).toEqual([]);
    expect(names).toContain('mine');
  });
});

describe('dropped events', () => {
  it('stay known by their index files, and the root is the same', async () => {
    const store = await openSmall();
    await fill(store, 400);
    const { firstPosition } = await store.dropBefore(500);
    expect(firstPosition).toBeGreaterThan(300);
    const info = await store.backups.create();
    expect(info).toMatchObject({ firstPosition, fromPosition: firstPosition });
    expect((await store.backups.verify(info.backupId)).ok).toBe(true);
    const backupDir = store.backups.directory;
    const { restored, store: again } = await restoreAndOpen({ backupDir });
    expect(restored.rootHash).toBe((await store.treeHead()).rootHash);
    expect((await again.dropBefore(1)).firstPosition).toBe(firstPosition);
    expect(await codeOf(() => again.readPage())).toBe('events_dropped');
    // The version goes on behind those that were dropped.
    const version = async (one: typeof store) => (await one.append(newEvent('e-0'))).version;
    expect(await version(again)).toBe(await version(store));
  });

  it('that are dropped while a backup is made do not disturb it', async () => {
    const store = await openSmall();
    await fill(store, 600);
    const creating = store.backups.create();
    await store.dropBefore(store.watermark);
    const info = await creating;
    expect((await store.backups.verify(info.backupId)).ok).toBe(true);
    const { firstPosition } = await store.dropBefore(1);
    const names = await readdir(join(store.backups.directory, '..', 'log'));
    const [first] = names.filter((name) => name.endsWith('.seg')).sort();
    expect(Number.parseInt(first ?? '', 10)).toBe(firstPosition);
  });
});

describe('a restore', () => {
  it('refuses to write over anything', async () => {
    const store = await openSmall();
    await fill(store, 10);
    await store.backups.create();
    const backupDir = store.backups.directory;
    const other = await makeDirectory();
    await writeFile(join(other, 'notes'), 'mine');
    const dataDir = join(store.backups.directory, '..');
    for (const place of [other, dataDir, join(other, 'notes')]) {
      const error = await errorOf(() => restoreBackup({ backupDir, dataDir: place }));
      expect(error).toMatchObject({ code: 'store_exists', status: 409 });
    }
    const empty = await makeDirectory();
    expect(await restoreBackup({ backupDir, dataDir: empty })).toMatchObject({ dataDir: empty });
    await access(join(empty, 'STORE'));
  });

  it('checks what it is asked for', async () => {
    const store = await openSmall();
    const events = Array.from({ length: 5 }, () => newEvent('a'));
    await store.appendBatch(events);
    await store.appendBatch(events);
    await store.backups.create();
    const backupDir = store.backups.directory;
    const dataDir = join(await makeDirectory(), 'restored');
    const refused = async (more: object) =>
      (await errorOf(() => restoreBackup({ backupDir, dataDir, ...more }))).message;
    expect(await refused({ position: 0 })).toContain('position');
    expect(await refused({ position: 11 })).toContain('ends with position 10, got 11');
    expect(await refused({ position: 4 })).toContain('no whole append');
    expect(await refused({ time: 'yesterday' })).toContain('time');
    expect(await refused({ time: '2020-01-01T00:00:00Z' })).toContain('no whole append');
    expect(await refused({ backupId: never })).toContain('there is no backup');
    expect(await refused({ backup: never })).toContain('backup: not an option');
    expect(await refused({ dataDir: '' })).toContain('dataDir');
    expect(await codeOf(() => restoreBackup({ backupDir: dataDir, dataDir }))).toBe(
      'backup_not_found',
    );
    await expect(access(dataDir)).rejects.toThrow('ENOENT');
    const ten = { backupDir, position: 9 };
    expect((await restoreAndOpen(ten)).restored.lastPosition).toBe(5);
  });

  it('ends with its signal, and leaves nothing', async () => {
    const store = await openSmall();
    await fill(store, 300);
    await store.backups.create();
    const parent = await makeDirectory();
    const controller = new AbortController();
    const restoring = codeOf(() =>
      restoreBackup({
        backupDir: store.backups.directory,
        dataDir: join(parent, 'restored'),
        signal: controller.signal,
      }),
    );
    controller.abort();
    expect(await restoring).toBe('aborted');
    expect(await namesIn(parent)).toEqual([]);
  });
});

import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { restoreBackup } from '../../src/index.js';
import { mebibyte, mountDisk } from '../faults/disk.js';
import { errorOf, makeDirectory, openStore } from '../support/store.js';
import { fill, namesIn, segmentBytesMax } from './support.js';

it('a full disk refuses a backup, leaves the ones before, and nothing of it', async () => {
  const directory = await mountDisk(4 * mebibyte);
  const dataDir = await makeDirectory();
  const store = await openStore({ dataDir, segmentBytesMax, backups: { directory } });
  await fill(store, 200);
  const first = await store.backups.create();
  const names = await namesIn(directory);
  await writeFile(join(directory, 'filler'), Buffer.alloc(3.3 * mebibyte));
  await fill(store, 1000);
  const error = await errorOf(() => store.backups.create({ type: 'incremental' }));
  expect(error).toMatchObject({ code: 'storage_full', status: 507 });
  expect(await namesIn(directory)).toEqual([...names, 'filler']);
  expect((await store.backups.verify(first.backupId)).ok).toBe(true);
  expect(store.backups.counts()).toMatchObject({ created: 1, failed: 1 });
  await rm(join(directory, 'filler'));
  const second = await store.backups.create({ type: 'incremental' });
  expect((await store.backups.verify(second.backupId)).ok).toBe(true);
});

it('a full disk refuses a restore, and nothing of it is left', async () => {
  const dataDir = await makeDirectory();
  const store = await openStore({ dataDir, segmentBytesMax });
  await fill(store, 800);
  await store.backups.create();
  const disk = await mountDisk(mebibyte / 2);
  const place = { backupDir: store.backups.directory, dataDir: join(disk, 'restored') };
  expect((await errorOf(() => restoreBackup(place))).code).toBe('storage_full');
  expect(await namesIn(disk)).toEqual([]);
});

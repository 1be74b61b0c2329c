// Whatever is wrong with a file of a backup is found when it is verified and when it is restored, and named.
import { copyFile, open, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { backupsIn, restoreBackup } from '../../src/index.js';
import type { BackupInfo, EmbeddedStore } from '../../src/index.js';
import { makeRandom, seedOf } from '../crash/random.js';
import { codeOf, errorOf, makeDirectory } from '../support/store.js';
import { fill, namesIn, openSmall, restoreAndOpen } from './support.js';

async function backedUp(): Promise<{ store: EmbeddedStore; info: BackupInfo; place: string }> {
  const store = await openSmall();
  await fill(store, 300);
  const info = await store.backups.create();
  return { store, info, place: join(store.backups.directory, info.backupId) };
}

async function flip(file: string, at: number, bit = 0): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, at);
    byte[0] = (byte[0] ?? 0) ^ (1 << bit);
    await handle.write(byte, 0, 1, at);
  } finally {
    await handle.close();
  }
}

describe('a damaged file', () => {
  it('is named by verify and by restore, whichever it is and whatever was done to it', async () => {
    const seed = seedOf(process.env['DAMAGE_SEED']);
    const random = makeRandom(seed);
    const { store, info, place } = await backedUp();
    const backupDir = store.backups.directory;
    const dataDir = join(await makeDirectory(), 'restored');
    const names = (await readdir(place)).filter((name) => name !== 'manifest.json');
    expect(names.length).toBeGreaterThan(8);
    const spare = join(await makeDirectory(), 'spare');
    for (const name of names) {
      const file = join(place, name);
      const bytes = (await readFile(file)).length;
      await copyFile(file, spare);
      const damages: readonly (() => Promise<void>)[] = [
        () => flip(file, random(bytes), random(8)),
        () => truncate(file, random(bytes)),
        () => writeFile(file, 'x', { flag: 'a' }),
        () => rm(file),
      ];
      for (const damage of damages) {
        await damage();
        const report = await store.backups.verify(info.backupId);
        const damaged = report.files.filter(({ ok }) => !ok);
        const hint = `DAMAGE_SEED=${seed} ${name}`;
        expect([report.ok, report.rootHash, damaged.map((one) => one.file)], hint).toEqual([
          false,
          null,
          [file],
        ]);
        expect(damaged[0]?.reason).toContain(file);
        const error = await errorOf(() => restoreBackup({ backupDir, dataDir }));
        expect([error.code, error.message.includes(file)], hint).toEqual(['backup_damaged', true]);
        await copyFile(spare, file);
      }
    }
    expect((await store.backups.verify(info.backupId)).ok).toBe(true);
    // Nothing was left by restores that failed.
    expect(await namesIn(join(dataDir, '..'))).toEqual([]);
    await restoreBackup({ backupDir, dataDir });
  }, 120_000);

  it('that an incremental backup shares is named under the backup that has it', async () => {
    const { store, info, place } = await backedUp();
    await fill(store, 50);
    const next = await store.backups.create({ type: 'incremental' });
    const file = join(place, '00000000000000000001.seg');
    await flip(file, 1000);
    const report = await store.backups.verify(next.backupId);
    expect(report.files.filter(({ ok }) => !ok).map((one) => one.file)).toEqual([file]);
    // A full one has a copy of its own.
    const full = await store.backups.create({ type: 'full' });
    expect((await store.backups.verify(full.backupId)).ok).toBe(true);
    expect((await store.backups.verify(info.backupId)).ok).toBe(false);
  });
});

describe('a backup that is deleted while it is read', () => {
  it('is not there, and not damaged', async () => {
    const { store } = await backedUp();
    const backupDir = store.backups.directory;
    for (let i = 0; i < 5; i += 1) {
      const { backupId } = await store.backups.create();
      const outcomes = [
        codeOr(async () => (await store.backups.verify(backupId)).ok),
        codeOr(async () => {
          const dataDir = join(await makeDirectory(), 'restored');
          return (await restoreBackup({ backupDir, backupId, dataDir })).backupId === backupId;
        }),
      ];
      await new Promise((resolve) => setTimeout(resolve, i * 3));
      await backupsIn(backupDir).delete(backupId);
      for (const outcome of await Promise.all(outcomes)) {
        expect([true, 'backup_not_found']).toContain(outcome);
      }
    }
  });
});

async function codeOr<T>(call: () => Promise<T>): Promise<T | string> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code);
    throw error;
  }
}

describe('a damaged manifest', () => {
  it('is found, whichever bit was flipped', async () => {
    const { store, info, place } = await backedUp();
    const file = join(place, 'manifest.json');
    const bytes = (await readFile(file)).length;
    const random = makeRandom(seedOf(process.env['DAMAGE_SEED']));
    const { list, verify } = store.backups;
    let found = 0;
    for (let i = 0; i < 200; i += 1) {
      const [at, bit] = [random(bytes), random(8)];
      await flip(file, at, bit);
      const { damaged } = await list.call(store.backups);
      const code = await verify.call(store.backups, info.backupId).then(
        ({ ok }) => (ok ? 'ok' : 'bad'),
        (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
      );
      await flip(file, at, bit);
      // A blank between two members may become another blank: that changes nothing.
      expect([damaged.length === 1, code === 'backup_damaged']).toEqual(
        code === 'ok' ? [false, false] : [true, true],
      );
      if (code !== 'ok') found += 1;
    }
    expect(found).toBeGreaterThan(150);
    expect((await store.backups.verify(info.backupId)).ok).toBe(true);
  }, 60_000);

  it('keeps every file of all backups until its backup is deleted', async () => {
    const { store, info, place } = await backedUp();
    await fill(store, 100);
    const next = await store.backups.create({ type: 'incremental' });
    await flip(join(store.backups.directory, next.backupId, 'manifest.json'), 40);
    expect(await store.backups.list()).toMatchObject({ damaged: [next.backupId] });
    expect(await codeOf(() => store.backups.prune({ keep: 1 }))).toBe('backup_damaged');
    await fill(store, 10);
    const last = await store.backups.create({ type: 'incremental' });
    expect(last.baseId).toBe(info.backupId);
    await store.backups.delete(info.backupId);
    expect(await namesIn(place)).toContain('STORE');
    const backupDir = store.backups.directory;
    const { restored } = await restoreAndOpen({ backupDir });
    expect(restored.backupId).toBe(last.backupId);
    await backupsIn(backupDir).delete(next.backupId);
    expect(await namesIn(place)).not.toContain('STORE');
    expect((await store.backups.verify(last.backupId)).ok).toBe(true);
  });

  it('names no file outside of the directory', async () => {
    const { store, info, place } = await backedUp();
    const file = join(place, 'manifest.json');
    const text = await readFile(file, 'utf8');
    const { createHash } = await import('node:crypto');
    for (const [from, to] of [
      ['00000000000000000001.seg', '../../../../../etc/passwd'],
      [`"backup_id":"${info.backupId}","bytes"`, '"backup_id":"..","bytes"'],
      ['"kind":"segment"', '"kind":"STORE"'],
    ] as const) {
      const { manifest } = JSON.parse(text) as { manifest: object };
      const changed = JSON.stringify(manifest).replace(from, to);
      expect(changed).toContain(to);
      const checksum = createHash('sha256').update(changed).digest('hex');
      await writeFile(file, `{"checksum":"${checksum}","manifest":${changed}}`);
      expect(await codeOf(() => store.backups.verify(info.backupId))).toBe('backup_damaged');
    }
  });
});

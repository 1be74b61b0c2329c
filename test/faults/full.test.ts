import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  chunksOf,
  codeOf,
  collect,
  errorOf,
  expectIntact,
  expectOrdered,
  line,
  newEvent,
  openStore,
} from '../support/store.js';
import { fillUp, mebibyte, mountDisk } from './disk.js';

async function freeBytes(disk: string): Promise<number> {
  const { bavail, bsize } = await statfs(disk);
  return bavail * bsize;
}

describe.each(['sync', 'async'] as const)('a full disk, durability %s', (durability) => {
  it('refuses the append that needs room, keeps the rest, and goes on when there is room', async () => {
    const disk = await mountDisk(6 * mebibyte);
    const filler = join(disk, 'filler');
    await writeFile(filler, Buffer.alloc(2 * mebibyte));
    const dataDir = join(disk, 'data');
    const options = { dataDir, durability, segmentBytesMax: mebibyte };
    const store = await openStore(options);
    const acknowledged = await fillUp(store);
    expect(acknowledged).toBeGreaterThan(1000);

    expect(store.readOnly).toBe(false);
    expect(store.watermark).toBe(acknowledged);
    expect(await collect(store.read())).toHaveLength(acknowledged);
    const error = await errorOf(() => store.append(newEvent('a', 'x'.repeat(1000))));
    expect(error.code).toBe('storage_full');
    expect(error.message).toContain('free space');
    const batch = Array.from({ length: 20 }, () => newEvent('b', 'x'.repeat(1000)));
    expect(await codeOf(() => store.appendBatch(batch))).toBe('storage_full');
    const many = Array.from({ length: 50 }, () =>
      codeOf(() => store.append(newEvent('c', 'x'.repeat(2000)))),
    );
    expect(new Set(await Promise.all(many))).toEqual(new Set(['storage_full']));
    const text = Array.from({ length: 2000 }, () => line('d', `"${'x'.repeat(500)}"`)).join('\n');
    expect(await codeOf(() => store.ingest(chunksOf(text)))).toBe('storage_full');
    await expectIntact(store);

    await rm(filler);
    const before = store.watermark;
    expect(await store.append(newEvent('a', 'x'.repeat(1000)))).toMatchObject({
      position: before + 1,
    });
    await store.appendBatch(batch);
    expectOrdered(await collect(store.read()));
    const more = await fillUp(store);
    expect(more).toBeGreaterThan(500);
    const watermark = store.watermark;
    const all = await collect(store.read());
    await store.close();

    // A full disk is no reason not to open.
    expect(await freeBytes(disk)).toBeLessThan(2 * mebibyte);
    const again = await openStore(options);
    expect(again.watermark).toBe(watermark);
    expect(await collect(again.read())).toEqual(all);
    await expectIntact(again);
  });

  it('does not take a stale answer for a full disk once there is room', async () => {
    const disk = await mountDisk(3 * mebibyte);
    const filler = join(disk, 'filler');
    const dataDir = join(disk, 'data');
    const store = await openStore({ dataDir, durability, segmentBytesMax: mebibyte });
    await writeFile(filler, Buffer.alloc(1.5 * mebibyte));
    // Beyond its half the segment has the next one prepared, which fails; it has room itself.
    for (let i = 0; i < 700; i++) await store.append(newEvent('a', 'x'.repeat(1000)));
    await rm(filler);
    await store.appendBatch(Array.from({ length: 500 }, () => newEvent('b', 'x'.repeat(1000))));
    expect(store.watermark).toBe(1200);
  });
});

it('a disk without room for a first segment opens no store', async () => {
  const disk = await mountDisk(mebibyte / 2);
  const dataDir = join(disk, 'data');
  expect(await codeOf(() => openStore({ dataDir }))).toBe('storage_full');
  const store = await openStore({ dataDir, segmentBytesMax: 64 * 1024 });
  await store.append(newEvent('a'));
});

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeDirectory, newEvent, openStore, waitUntil } from '../support/store.js';

/** Events whose versions the engine looks up at a time: native/index/index_file.h. */
const lookedUpTogether = 32;
const options = { segmentBytesMax: 64 * 1024 };

/** Of a type that the first segment does not have: opening asks its filter, and no more. */
const ofNow = (entity: string) => newEvent(entity, {}, { eventType: 'now.done' });

it('appends that went through before a part of the index was lost are told so, later ones not', async () => {
  const dataDir = await makeDirectory();
  const before = await openStore({ dataDir, ...options });
  // Seven fill a segment.
  const payload = 'x'.repeat(9_000);
  for (let i = 0; i < 7; i++) await before.append(newEvent(`old-${i}`, payload));
  await before.append({ ...ofNow('now'), payload });
  // One file, so that no merge reads it.
  const { segments, watermark } = await before.stats();
  expect(segments).toBe(2);
  await waitUntil(() => before.counters().indexedSegments >= segments - 1);
  await before.close();

  const log = join(dataDir, 'log');
  const first = (ending: string, names: string[]): string =>
    join(log, names.filter((name) => name.endsWith(ending)).sort()[0] ?? '');
  const names = await readdir(log);
  const files = [first('.idx', names), first('.seg', names)] as const;
  const whole = await Promise.all(files.map((file) => readFile(file)));
  const [index, segment] = whole.map((bytes) => Buffer.from(bytes)) as [Buffer, Buffer];
  // The buckets of terms are section 8: docs/format/index.md.
  const buckets = Number(index.readBigUInt64LE(80 + 8 * 16));
  index.writeUInt32LE(0xffff, buckets);
  segment.write('damage', 5_000);
  await writeFile(files[0], index);
  await writeFile(files[1], segment);

  const store = await openStore({ dataDir, ...options });
  const entities = [...Array<string>(lookedUpTogether + 1).fill('now'), 'old-1', 'now', 'now'];
  const settled = await Promise.allSettled(entities.map((entity) => store.append(ofNow(entity))));
  const positions = settled.map((one) => (one.status === 'fulfilled' ? one.value.position : 0));
  const through = Array.from({ length: lookedUpTogether }, (_, i) => watermark + 1 + i);
  expect(positions).toEqual([...through, 0, 0, 0, 0]);
  for (const one of settled.slice(lookedUpTogether)) {
    expect(one).toMatchObject({ status: 'rejected', reason: { code: 'storage_damaged' } });
  }
  await store.close();

  await Promise.all(files.map((file, i) => writeFile(file, whole[i] ?? '')));
  const mended = await openStore({ dataDir, ...options });
  expect(mended.watermark).toBe(watermark + lookedUpTogether);
  expect(await mended.verify()).toMatchObject({ ok: true });
});

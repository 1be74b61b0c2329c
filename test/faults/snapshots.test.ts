import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { codeOf, expectIntact, newEvent, openStore } from '../support/store.js';
import { fillUp, mebibyte, mountDisk } from './disk.js';

it('snapshots that a full disk has no room for are counted, and made once there is room', async () => {
  const disk = await mountDisk(6 * mebibyte);
  const filler = join(disk, 'filler');
  await writeFile(filler, Buffer.alloc(2 * mebibyte));
  const store = await openStore({
    dataDir: join(disk, 'data'),
    segmentBytesMax: mebibyte,
    snapshots: { eventThreshold: 10 },
  });
  const wide = (i: number) => newEvent('wide', { [`k${i}`]: 'x'.repeat(500) });
  const many = Array.from({ length: 12 }, (_, i) => wide(i));
  await store.appendBatch(many);
  const acknowledged = await fillUp(store);
  expect(acknowledged).toBeGreaterThan(500);
  expect(await codeOf(() => store.snapshots.create('wide'))).toBe('storage_full');
  // A state that takes more events than the threshold asks for a snapshot of its kind.
  const { failed } = store.snapshots.counters();
  const readDeep = () => store.state('wide', { merge: 'deep', historyLimit: 0 });
  const failedNow = async () => {
    await readDeep();
    return store.snapshots.counters().failed;
  };
  await expect.poll(failedNow, { timeout: 20_000 }).toBeGreaterThan(failed);
  expect(Object.keys((await readDeep()).currentState)).toHaveLength(12);
  expect(store.readOnly).toBe(false);

  await rm(filler);
  const kinds = async () => {
    await readDeep();
    const { snapshots } = await store.snapshots.list({ entityId: 'wide' });
    return snapshots.map(({ stateOf, eventCount }) => `${stateOf} ${eventCount}`);
  };
  await expect.poll(kinds, { timeout: 20_000 }).toContain('deep 12');
  await expectIntact(store);
});

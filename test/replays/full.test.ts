import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { place, statesOf, totals } from '../projections/support.js';
import { fillUp, mebibyte, mountDisk } from '../faults/disk.js';
import type { EmbeddedStore } from '../../src/index.js';
import { codeOf, newEvent, openStore } from '../support/store.js';

/** A store on a disk that has room for half of it again once `filler` is removed. */
async function smallStore() {
  const disk = await mountDisk(4 * mebibyte);
  const filler = join(disk, 'filler');
  await writeFile(filler, Buffer.alloc(2 * mebibyte));
  const store = await openStore({ dataDir: join(disk, 'data'), segmentBytesMax: mebibyte });
  return { store, filler };
}

/** What is left then is too small for any record. */
async function fillWhole(store: EmbeddedStore): Promise<void> {
  await fillUp(store);
  while ((await codeOf(() => store.append(newEvent('a'))).catch(() => '')) !== 'storage_full');
}

it('a replay whose end has no room on the disk ends as soon as there is', async () => {
  const { store, filler } = await smallStore();
  let isClosed = false;
  const projection = totals({
    onError: 'retry',
    on: {
      'order.placed': (state) => {
        if (isClosed) throw new Error('not yet');
        return { count: state.count + 1, sum: 0 };
      },
    },
  });
  const handle = await store.projections.start(projection);
  await place(store, 'o-1', 1);
  const before = await statesOf(store, handle);
  isClosed = true;
  const { replayId } = await store.replays.start();
  await expect.poll(async () => (await handle.info()).failure?.reason).toContain('not yet');
  await fillWhole(store);
  expect(await codeOf(() => store.replays.cancel(replayId))).toBe('storage_full');
  expect((await store.replays.get(replayId)).status).toBe('running');
  await rm(filler);
  isClosed = false;
  expect(await store.replays.ended(replayId)).toMatchObject({ status: 'cancelled' });
  expect(await statesOf(store, handle)).toEqual(before);
});

it('events are dropped again after a full disk', async () => {
  const { store, filler } = await smallStore();
  const { replayId } = await store.replays.start();
  expect((await store.replays.ended(replayId)).status).toBe('completed');
  await fillWhole(store);
  expect(await codeOf(() => store.dropBefore(2))).toBe('storage_full');
  await rm(filler);
  expect(await store.dropBefore(2)).toMatchObject({ segments: 0 });
});

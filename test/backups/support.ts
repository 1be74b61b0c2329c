import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { restoreBackup } from '../../src/index.js';
import type { EmbeddedStore, RestoreOptions, RestoredStore } from '../../src/index.js';
import { expectIntact, makeDirectory, newEvent, openStore } from '../support/store.js';

/** The smallest that the engine takes: a few hundred events make several segments. */
export const segmentBytesMax = 64 * 1024;

export async function openSmall(dataDir?: string): Promise<EmbeddedStore> {
  return openStore({ dataDir: dataDir ?? join(await makeDirectory(), 'data'), segmentBytesMax });
}

/** Batches of one to three events, of about half a KiB each. */
export async function fill(store: EmbeddedStore, batches: number): Promise<void> {
  for (let i = 0; i < batches; i += 1) {
    const events = Array.from({ length: 1 + (i % 3) }, (_, part) =>
      newEvent(`e-${i % 7}`, { i, part, filler: 'x'.repeat(500) }),
    );
    await store.appendBatch(events, { return: 'summary' });
  }
}

/** Restores, and opens what came of it: it is whole, and has the root that the restore told. */
export async function restoreAndOpen(
  options: Omit<RestoreOptions, 'dataDir'>,
): Promise<{ restored: RestoredStore; store: EmbeddedStore }> {
  const dataDir = join(await makeDirectory(), 'restored');
  const restored = await restoreBackup({ ...options, dataDir });
  const store = await openSmall(dataDir);
  expect(store.damage).toBe(null);
  expect(store.watermark).toBe(restored.lastPosition);
  expect((await store.treeHead()).rootHash).toBe(restored.rootHash);
  if (restored.firstPosition === 1) await expectIntact(store);
  else expect((await store.verify()).ok).toBe(true);
  return { restored, store };
}

/** Names of the files and directories below one, without its lock. */
export async function namesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true });
  return names.filter((name) => name !== 'LOCK').sort();
}

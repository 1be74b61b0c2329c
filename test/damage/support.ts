import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openEventStore } from '../../src/index.js';
import type { EmbeddedStore, StoredEvent } from '../../src/index.js';
import { collect, makeDirectory, newEvent, openStore } from '../support/store.js';
import { copyStore, readSegment, segmentFiles } from '../support/segment.js';
import type { Frame } from '../support/segment.js';

export const segmentBytesMax = 64 * 1024;

/** A small store of one segment, its bytes and its events. */
export interface Sample {
  readonly storeFile: Buffer;
  readonly segment: Buffer;
  readonly segmentName: string;
  readonly frames: readonly Frame[];
  readonly events: readonly StoredEvent[];
}

/** Eight appends one after the other; the last frame but one holds three events. */
export async function makeSample(end: 'crashed' | 'closed'): Promise<Sample> {
  const dataDir = await makeDirectory();
  const store = await openStore({ dataDir, segmentBytesMax });
  for (let i = 0; i < 6; i++) await store.append(newEvent(`e${i % 2}`, { i }));
  await store.appendBatch([newEvent('e0', 'a'), newEvent('e1', 'b'), newEvent('e2', 'c')]);
  await store.append(newEvent('e0', 'last'));
  const events = await collect(store.read());
  if (end === 'closed') await store.close();
  const copy = await makeDirectory();
  await copyStore(dataDir, copy);
  const [file = ''] = await segmentFiles(copy);
  const { bytes: segment, frames } = await readSegment(file);
  const storeFile = await readFile(join(copy, 'STORE'));
  return { storeFile, segment, segmentName: file.split('/').at(-1) ?? '', frames, events };
}

/** Writes one store after the other into one directory in memory, where the machine has one. */
export class Bench {
  #number = 0;

  private constructor(readonly root: string) {}

  static async make(): Promise<Bench> {
    return new Bench(await makeDirectory('/dev/shm').catch(() => makeDirectory()));
  }

  async write(files: { storeFile: Buffer; segment: Buffer; segmentName: string }): Promise<string> {
    await rm(join(this.root, String(this.#number)), { recursive: true, force: true });
    this.#number += 1;
    const dataDir = join(this.root, String(this.#number));
    await mkdir(join(dataDir, 'log'), { recursive: true });
    await writeFile(join(dataDir, 'STORE'), files.storeFile);
    await writeFile(join(dataDir, 'log', files.segmentName), files.segment);
    return dataDir;
  }
}

export interface Opened {
  readonly damage: EmbeddedStore['damage'];
  readonly events: StoredEvent[];
}

/** Opens, reads all, and, where the store takes appends, appends and reads again. */
export async function openAndUse(dataDir: string): Promise<Opened> {
  const store = await openEventStore({ dataDir, segmentBytesMax, snapshots: { automatic: false } });
  try {
    const events = await collect(store.read());
    const { damage } = store;
    if (damage !== null) {
      if (!store.readOnly) throw new Error('a damaged store takes appends');
      return { damage, events };
    }
    const { position } = await store.append(newEvent('e0', 'after'));
    if (position !== events.length + 1) throw new Error(`appended at ${position}`);
    const { ok } = await store.verify();
    if (!ok) throw new Error('not intact after the recovery');
    return { damage, events };
  } finally {
    await store.close();
  }
}

import { appendFile, readFile, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { openEventStore, repairStore } from '../../src/index.js';
import type { StoredEvent } from '../../src/index.js';
import {
  codeOf,
  collect,
  errorOf,
  expectIntact,
  line,
  makeDirectory,
  newEvent,
  openStore,
  take,
} from '../support/store.js';
import { readSegment, removeIndexFiles, segmentFiles } from '../support/segment.js';

const segmentBytesMax = 64 * 1024;

interface Log {
  readonly dataDir: string;
  readonly files: string[];
  readonly events: StoredEvent[];
}

/** A closed store of six segments or more; with index files, or with what the segments tell alone. */
async function makeLog(withIndexFiles = false): Promise<Log> {
  const dataDir = await makeDirectory();
  const store = await openStore({ dataDir, segmentBytesMax });
  const filler = 'x'.repeat(100);
  const appends = Array.from({ length: 1500 }, (_, i) =>
    store.append(newEvent(`e${i % 5}`, { i, filler })),
  );
  await Promise.all(appends);
  const events = await collect(store.read());
  const files = await segmentFiles(dataDir);
  expect(files.length).toBeGreaterThan(4);
  if (withIndexFiles) {
    await vi.waitFor(() => {
      expect(store.counters().indexedSegments).toBe(files.length - 1);
    });
  }
  await store.close();
  if (!withIndexFiles) await removeIndexFiles(dataDir);
  return { dataDir, files, events };
}

interface Damage {
  readonly file: string;
  readonly offset: number;
  /** Events in front of it. */
  readonly kept: number;
}

/** Changes one byte in the middle of a frame in the middle of a file. */
async function flipInside(file: string): Promise<Damage> {
  const { bytes, frames } = await readSegment(file);
  const frame = frames[Math.floor(frames.length / 2)];
  if (!frame) throw new Error('the segment is empty');
  const at = frame.offset + Math.floor(frame.bytes / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 0x10;
  await writeFile(file, bytes);
  return { file, offset: frame.offset, kept: frame.firstPosition - 1 };
}

const firstPosition = (file: string): number => Number(basename(file, '.seg'));

/** Ways to damage a log, each with what must then be reported. */
const ways: [string, (log: Log) => Promise<Damage>][] = [
  ['a flipped bit in the first segment', ({ files }) => flipInside(files[0] ?? '')],
  ['a flipped bit in a sealed segment', ({ files }) => flipInside(files[2] ?? '')],
  [
    'a flipped bit in the middle of the last segment',
    ({ files }) => flipInside(files.at(-1) ?? ''),
  ],
  [
    'a sealed segment that is missing',
    async ({ files: [, , gone = '', next = ''] }) => {
      await rm(gone);
      return { file: next, offset: 0, kept: firstPosition(gone) - 1 };
    },
  ],
  [
    'a sealed segment that is shortened',
    async ({ files: [, , file = ''] }) => {
      const { frames } = await readSegment(file);
      const frame = frames[10];
      await truncate(file, (frame?.offset ?? 0) + 5);
      return { file, offset: frame?.offset ?? 0, kept: (frame?.firstPosition ?? 0) - 1 };
    },
  ],
  [
    'a sealed segment that is empty',
    async ({ files: [, , file = ''] }) => {
      await truncate(file, 0);
      return { file, offset: 0, kept: firstPosition(file) - 1 };
    },
  ],
  [
    'a sealed segment whose end is zeros',
    async ({ files: [, , file = '', next = ''] }) => {
      const { bytes, frames } = await readSegment(file);
      const frame = frames.at(-3);
      await writeFile(file, bytes.fill(0, frame?.offset));
      // It looks like the end of the log; that there is more behind it is what tells.
      return { file: next, offset: 0, kept: (frame?.firstPosition ?? 0) - 1 };
    },
  ],
  [
    'two segments that changed places',
    async ({ files: [, one = '', two = ''] }) => {
      await rename(one, `${one}.other`);
      await rename(two, one);
      await rename(`${one}.other`, two);
      return { file: one, offset: 0, kept: firstPosition(one) - 1 };
    },
  ],
  [
    'a segment of another store',
    async ({ files: [, , file = ''] }) => {
      const other = await makeLog();
      await writeFile(file, await readFile(other.files[2] ?? ''));
      return { file, offset: 0, kept: firstPosition(file) - 1 };
    },
  ],
  [
    'a segment with bytes behind its end',
    async ({ files: [, , file = ''] }) => {
      await appendFile(file, 'more');
      return { file, offset: 0, kept: firstPosition(file) - 1 };
    },
  ],
];

describe.each(ways)('%s', (_, damage) => {
  it('is named with file and offset; what lies in front of it is served', async () => {
    const log = await makeLog();
    const { file, offset, kept } = await damage(log);
    const store = await openStore({ dataDir: log.dataDir, segmentBytesMax });
    expect(store.damage).toMatchObject({ file, offset, reason: expect.any(String) });
    expect(store.readOnly).toBe(true);
    expect(store.watermark).toBe(kept);
    expect(await collect(store.read())).toEqual(log.events.slice(0, kept));
    expect(await take(store.subscribe({ from: 'beginning' }).events(), kept)).toHaveLength(kept);
    const report = await store.verify();
    expect(report.ok).toBe(false);
    expect(report.files.find((found) => !found.ok)).toMatchObject({ file, damage: { offset } });
    for (const append of [
      () => store.append(newEvent('e1')),
      () => store.appendBatch(Buffer.from(line('e1'))),
    ]) {
      const error = await errorOf(append);
      expect(error.code).toBe('storage_unavailable');
      expect(error.message).toContain(file);
      expect(error.message).toContain('--repair');
    }
  });

  it('is cut by a repair, which keeps a copy; then the store takes appends', async () => {
    const log = await makeLog();
    const { file, kept } = await damage(log);
    const damaged = new Map<string, Buffer>();
    for (const name of await segmentFiles(log.dataDir)) damaged.set(name, await readFile(name));
    const report = await repairStore(log.dataDir);
    expect(report.lastPosition).toBe(kept);
    expect(report.cutFiles[0]).toBe(basename(file));
    const movedTo = report.movedTo ?? '';
    expect(basename(movedTo)).toMatch(/^damaged-\d+$/);
    expect((await readdir(movedTo)).sort()).toEqual(report.cutFiles);
    for (const name of report.cutFiles) {
      const copy = await readFile(join(movedTo, name));
      expect(copy.equals(damaged.get(join(log.dataDir, 'log', name)) ?? Buffer.alloc(0))).toBe(
        true,
      );
    }
    const store = await openStore({ dataDir: log.dataDir, segmentBytesMax });
    expect(store).toMatchObject({ damage: null, readOnly: false, watermark: kept });
    expect(await collect(store.read())).toEqual(log.events.slice(0, kept));
    const next = await store.append(newEvent('e0', 'x'.repeat(1000)));
    const versions = log.events.slice(0, kept).filter(({ entityId }) => entityId === 'e0').length;
    expect(next).toMatchObject({ position: kept + 1, version: versions + 1 });
    await Promise.all(Array.from({ length: 600 }, (_, i) => store.append(newEvent('e1', i))));
    await expectIntact(store);
    await store.close();
    const again = await openStore({ dataDir: log.dataDir, segmentBytesMax });
    expect(again).toMatchObject({ damage: null, watermark: kept + 601 });
  });
});

/** Ways that opening does not notice where index files spare it the reading. */
const quietWays = ways.filter(([name]) =>
  /flipped bit in (the first|a sealed)|end is zeros/.test(name),
);

describe.each(quietWays)('%s, beside its index file', (_, damage) => {
  it('is named by whoever reads it; all else is served, and appends go on', async () => {
    const log = await makeLog(true);
    const { kept } = await damage(log);
    const store = await openStore({ dataDir: log.dataDir, segmentBytesMax });
    expect(store).toMatchObject({ damage: null, readOnly: false, watermark: log.events.length });
    const error = await errorOf(() => collect(store.read()));
    expect(error.code).toBe('storage_damaged');
    expect(error.message).toMatch(/\d{20}\.seg, offset \d+/);
    const last = log.events.at(-1);
    expect(await store.getEvent(last?.id ?? '')).toEqual(last);
    const next = await store.append(newEvent('e0', 'x'));
    const versions = log.events.filter(({ entityId }) => entityId === 'e0').length;
    expect(next).toMatchObject({ position: log.events.length + 1, version: versions + 1 });
    const report = await store.verify();
    expect(report.ok).toBe(false);
    await store.close();
    expect(await repairStore(log.dataDir)).toMatchObject({ lastPosition: kept });
    const repaired = await openStore({ dataDir: log.dataDir, segmentBytesMax });
    expect(await collect(repaired.read())).toEqual(log.events.slice(0, kept));
    await expectIntact(repaired);
  });
});

describe('repairStore', () => {
  it('leaves a store without damage as it is', async () => {
    const log = await makeLog();
    const report = await repairStore(log.dataDir);
    expect(report).toEqual({ cutFiles: [], movedTo: null, lastPosition: 1500 });
    const store = await openStore({ dataDir: log.dataDir, segmentBytesMax });
    expect(await collect(store.read())).toEqual(log.events);
  });

  it('may be run twice', async () => {
    const log = await makeLog();
    await flipInside(log.files[3] ?? '');
    const { lastPosition } = await repairStore(log.dataDir);
    expect(await repairStore(log.dataDir)).toMatchObject({ cutFiles: [], lastPosition });
  });

  it('refuses an open store, no store and no path', async () => {
    const dataDir = await makeDirectory();
    const store = await openEventStore({ dataDir, snapshots: { automatic: false } });
    expect(await codeOf(() => repairStore(dataDir))).toBe('store_locked');
    await store.close();
    const empty = await makeDirectory();
    expect(await codeOf(() => repairStore(empty))).toBe('invalid_configuration');
    expect(await codeOf(() => repairStore(''))).toBe('invalid_configuration');
  });
});

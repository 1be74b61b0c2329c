import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { openEventStore } from '../../src/index.js';
import { codeOf, errorOf, makeDirectory, openStore } from '../support/store.js';
import { eventsOf, fill, rowsOf, segmentBytesMax } from './support.js';

// A thread of low priority takes its time where the machine is busy.
vi.setConfig({ testTimeout: 120_000 });

async function filled(options: { automatic?: boolean } = {}) {
  const dataDir = await makeDirectory();
  const store = await openStore({ dataDir, segmentBytesMax, parquet: { minFiles: 3, ...options } });
  await fill(store, 3000);
  await fill(store, 1000, { tenantId: 'other' });
  return { dataDir, store };
}

describe('the Parquet tier', () => {
  it('has a file for each sealed segment, with the events of all tenants', async () => {
    const { store, dataDir } = await filled();
    const log = await readdir(join(dataDir, 'log'));
    const sealed = log.filter((name) => name.endsWith('.seg')).length - 1;
    const report = await store.parquet.compact({ strategy: 'timebased' });
    expect(report.filesWritten).toBe(sealed);
    expect(report).toMatchObject({ filesCompacted: 0, bytesBefore: 0 });
    const files = await store.parquet.files();
    expect(files).toHaveLength(report.filesWritten);
    let next = 1;
    for (const { firstPosition, lastPosition } of files) {
      expect(firstPosition).toBe(next);
      next = lastPosition + 1;
    }
    const last = files.at(-1)?.lastPosition ?? 0;
    const rows = await rowsOf(files.map(({ name }) => join(store.parquet.directory, name)));
    const events = [
      ...(await eventsOf(store, { last })),
      ...(await eventsOf(store, { tenantId: 'other', last })),
    ];
    expect(rows.map((row) => [Number(row.position), row.tenant_id, row.event_id])).toEqual(
      events.map(({ position, tenantId, id }) => [position, tenantId, id]),
    );
    expect(rows.map(({ payload }) => JSON.parse(payload) as unknown)).toEqual(
      events.map(({ payload }) => payload),
    );
    expect(files.reduce((sum, { eventCount }) => sum + eventCount, 0)).toBe(rows.length);
    expect(files[0]?.firstTimestamp).toBe(events[0]?.timestamp);
  });

  it('merges small files, and what they had is in the larger one', async () => {
    const { store } = await filled();
    await store.parquet.compact({ strategy: 'timebased' });
    const before = await store.parquet.files();
    const rows = await rowsOf(before.map(({ name }) => join(store.parquet.directory, name)));
    const report = await store.parquet.compact();
    const { filesWritten } = report;
    // Its records are events, too: they may fill a segment.
    expect(filesWritten).toBeLessThanOrEqual(1);
    expect(report.filesCompacted).toBe(before.length + filesWritten);
    expect(report.bytesAfter).toBeLessThan(report.bytesBefore);
    const after = await store.parquet.files();
    expect(after).toHaveLength(1);
    const { firstTimestamp } = before[0] ?? {};
    expect(after[0]).toMatchObject({ firstPosition: 1, firstTimestamp });
    const merged = await rowsOf(after.map(({ name }) => join(store.parquet.directory, name)));
    expect(merged.slice(0, rows.length)).toEqual(rows);
    expect(after[0]?.eventCount).toBe(merged.length);
    // Who reads beside the writer has time until the next run.
    expect(await readdir(store.parquet.directory)).toHaveLength(before.length + filesWritten + 1);
    const next = await store.parquet.compact();
    expect(next).toMatchObject({ filesWritten: 0, filesCompacted: 0 });
    expect(await readdir(store.parquet.directory)).toEqual([after[0]?.name]);
    const { stats } = await store.parquet.stats();
    expect(stats).toMatchObject({
      totalCompactions: 1,
      totalFilesCompacted: before.length + filesWritten,
      totalBytesBefore: report.bytesBefore,
      totalBytesAfter: report.bytesAfter,
      totalEventsCompacted: merged.length,
      spaceSavedBytes: report.bytesBefore - report.bytesAfter,
    });
  });

  it('goes on where it was when the store is opened again, and removes what was never recorded', async () => {
    const { store, dataDir } = await filled();
    await store.parquet.compact();
    const files = await store.parquet.files();
    await store.close();
    const orphan = `${'0'.repeat(19)}1-${'0'.repeat(18)}50-${'a'.repeat(16)}.parquet`;
    await writeFile(join(store.parquet.directory, orphan), 'x');
    await writeFile(join(store.parquet.directory, '7.tmp'), 'x');
    await writeFile(join(store.parquet.directory, 'mine.parquet'), 'x');
    const again = await openStore({ dataDir, segmentBytesMax });
    expect(await again.parquet.files()).toEqual(files);
    expect((await again.parquet.stats()).stats.totalCompactions).toBe(1);
    await fill(again, 2000);
    expect((await again.parquet.compact()).filesWritten).toBeGreaterThan(1);
    const names = await readdir(again.parquet.directory);
    expect(names).toContain('mine.parquet');
    expect(names).not.toContain(orphan);
    expect(names).not.toContain('7.tmp');
  });

  it('makes again what was lost or damaged, as long as the log has it', async () => {
    const { store, dataDir } = await filled();
    await store.parquet.compact({ strategy: 'timebased' });
    const files = await store.parquet.files();
    await store.close();
    await rm(join(store.parquet.directory, files[2]?.name ?? ''));
    const again = await openStore({ dataDir, segmentBytesMax, parquet: { minFiles: 3 } });
    // What lies behind a gap would be taken for all that there is.
    expect(await again.parquet.files()).toEqual(files.slice(0, 2));
    const report = await again.parquet.compact({ strategy: 'timebased' });
    expect(report.filesWritten).toBeGreaterThanOrEqual(files.length - 2);
    const made = await again.parquet.files();
    expect(made.slice(0, files.length).map(({ sha256 }) => sha256)).toEqual(
      files.map(({ sha256 }) => sha256),
    );
    const damaged = made[1]?.name ?? '';
    await writeFile(join(again.parquet.directory, damaged), Buffer.alloc(made[1]?.sizeBytes ?? 0));
    const found = await again.parquet.verify();
    expect(found.ok).toBe(false);
    expect(found.files.filter(({ damage }) => damage !== null).map(({ name }) => name)).toEqual([
      damaged,
    ]);
    expect(await again.parquet.compact()).toMatchObject({ filesCompacted: made.length });
    expect((await again.parquet.verify()).ok).toBe(true);
    const rows = await rowsOf(
      (await again.parquet.files()).map(({ name }) => join(again.parquet.directory, name)),
    );
    expect(rows).toHaveLength(made.reduce((sum, { eventCount }) => sum + eventCount, 0));
  });

  it('tells how far it is, and can be ended', async () => {
    const { store } = await filled();
    const seen: number[] = [];
    const ended = new AbortController();
    const compacting = store.parquet.compact({
      signal: ended.signal,
      onProgress: ({ eventsDone, eventsTotal }) => {
        seen.push(eventsDone);
        expect(eventsTotal).toBeGreaterThan(0);
        ended.abort();
      },
    });
    expect(await codeOf(() => compacting)).toBe('aborted');
    expect(seen.length).toBeGreaterThan(0);
    expect(await codeOf(() => store.parquet.compact({ signal: AbortSignal.abort() }))).toBe(
      'aborted',
    );
    const report = await store.parquet.compact();
    expect(report.filesCompacted).toBeGreaterThan(2);
  });

  it('is ended by the end of the store', async () => {
    const { store, dataDir } = await filled();
    const compacting = codeOf(() => store.parquet.compact());
    await store.close();
    expect(await compacting).toBe('store_closed');
    expect(await codeOf(() => store.parquet.compact())).toBe('store_closed');
    expect(await codeOf(() => store.parquet.files())).toBe('store_closed');
    const again = await openStore({ dataDir, segmentBytesMax });
    await again.parquet.compact();
    expect((await again.parquet.verify()).ok).toBe(true);
  });

  it('is made by itself where that is asked for', async () => {
    const dataDir = await makeDirectory();
    const parquet = { automatic: true, intervalSeconds: 1 };
    const store = await openStore({ dataDir, segmentBytesMax, parquet });
    await fill(store, 2000);
    await expect
      .poll(async () => (await store.parquet.files()).length, { timeout: 20_000 })
      .toBe(1);
    await expect
      .poll(async () => (await store.parquet.stats()).stats.totalCompactions, { timeout: 20_000 })
      .toBeGreaterThan(0);
  });

  it('keeps files that are read', async () => {
    const { store } = await filled();
    await store.parquet.compact({ strategy: 'timebased' });
    const names = (await store.parquet.files()).map(({ name }) => name);
    const { parquet } = store as unknown as {
      parquet: { withFiles: (work: () => Promise<void>) => Promise<void> };
    };
    await parquet.withFiles(async () => {
      await store.parquet.compact();
      await store.parquet.compact();
      expect(await readdir(store.parquet.directory)).toEqual(expect.arrayContaining(names));
    });
    await store.parquet.compact();
    expect(await readdir(store.parquet.directory)).toHaveLength(1);
  });

  it('refuses what it can not do', async () => {
    const memory = await openStore({ memory: true });
    expect(await codeOf(() => memory.parquet.compact())).toBe('unprocessable');
    expect(await memory.parquet.files()).toEqual([]);
    const { store, dataDir } = await filled();
    const unknown = errorOf(() => store.parquet.compact({ what: 1 } as object));
    expect((await unknown).message).toBe('what: not an option of parquet.compact');
    const strategy = errorOf(() => store.parquet.compact({ strategy: 'none' as 'sizebased' }));
    expect((await strategy).message).toMatch(/^strategy: expected one of sizebased, /);
    await store.close();
    const reader = await openStore({ dataDir, readOnly: true });
    expect(await codeOf(() => reader.parquet.compact())).toBe('storage_unavailable');
    expect(
      (await errorOf(() => openEventStore({ dataDir, parquet: { minFiles: 1 } }))).message,
    ).toMatch(/^parquet\.minFiles: expected a whole number from 2 to /);
    expect(
      (await errorOf(() => openEventStore({ dataDir, parquet: { targetFileBytes: 2 ** 29 } })))
        .message,
    ).toMatch(/^parquet\.maxFileBytes: expected at least/);
  });

  it('stays readable where the log drops what it has', async () => {
    const { store, dataDir } = await filled();
    await store.parquet.compact();
    const files = await store.parquet.files();
    const begin = async (): Promise<number> => (await store.dropBefore(2000)).firstPosition;
    // Once what still reads the log, its index among them, is that far.
    await expect.poll(begin, { timeout: 20_000 }).toBeGreaterThan(1);
    await store.close();
    const again = await openStore({ dataDir, segmentBytesMax });
    expect((await again.stats()).firstPosition).toBeGreaterThan(1);
    expect(await again.parquet.files()).toEqual(files);
    await fill(again, 1500);
    await again.parquet.compact();
    expect((await again.parquet.verify()).ok).toBe(true);
  });
});

import { describe, expect, it } from 'vitest';
import type { EmbeddedStore } from '../../src/index.js';
import { codeOf, errorOf, wrong } from '../support/store.js';
import type { StoreMode } from '../support/store.js';
import { fill, segmentBytesMax } from '../parquet/support.js';

const timeout = 120_000;

function describeFiles(mode: StoreMode): void {
  it('are written of sealed segments, and small ones are merged', { timeout }, async () => {
    const store = await mode.open({ segmentBytesMax, parquet: { minFiles: 2 } });
    await fill(store, 2000);
    expect(await store.parquet.files()).toEqual([]);
    const written = await store.parquet.compact({ strategy: 'timebased' });
    expect(written.filesWritten).toBeGreaterThan(2);
    expect(written).toMatchObject({ filesCompacted: 0, bytesBefore: 0, bytesAfter: 0 });
    const small = await store.parquet.files();
    expect(small).toHaveLength(written.filesWritten);
    expect(small[0]).toMatchObject({ firstPosition: 1, sha256: expect.any(String) as string });
    expect(small[0]?.createdAt).toBeGreaterThan(small[0]?.lastTimestamp ?? Infinity);
    const merged = await store.parquet.compact();
    expect(merged.filesCompacted).toBe(small.length + merged.filesWritten);
    expect(merged.durationMs).toBeGreaterThan(0);
    const [large, ...more] = await store.parquet.files();
    expect(more).toEqual([]);
    expect(large?.eventCount).toBe(merged.eventsCompacted);
    const { stats, config } = await store.parquet.stats();
    expect(stats).toMatchObject({
      ...{ totalCompactions: 1, totalFilesCompacted: merged.filesCompacted },
      spaceSavedBytes: merged.bytesBefore - merged.bytesAfter,
    });
    expect(config).toMatchObject({ minFiles: 2, automatic: false, strategy: 'sizebased' });
    const { name, eventCount, sizeBytes } = large ?? {};
    const damage = null;
    const files = [{ name, eventCount, sizeBytes, damage }];
    expect(await store.parquet.verify()).toEqual({ ok: true, files });
  });

  it('are not made where the caller has left', { timeout }, async () => {
    const store = await mode.open({ segmentBytesMax });
    await fill(store, 1000);
    const signal = AbortSignal.abort();
    expect(await codeOf(() => store.parquet.compact({ signal }))).toBe('aborted');
    expect(await codeOf(() => store.parquet.verify({ signal }))).toBe('aborted');
    expect(await store.parquet.files()).toEqual([]);
  });
}

function describeMemory(mode: StoreMode): void {
  it('are not there of a store in memory', async () => {
    const store = await mode.open();
    expect(await store.parquet.files()).toEqual([]);
    expect((await store.parquet.stats()).stats.totalCompactions).toBe(0);
    const calls = [() => store.parquet.compact(), () => store.parquet.verify()];
    for (const call of calls) expect(await codeOf(call)).toBe('unprocessable');
  });
}

const badOptions: readonly [string, (store: EmbeddedStore) => unknown][] = [
  [
    'strategy: expected one of sizebased, timebased, fullcompaction',
    (store) => store.parquet.compact(wrong({ strategy: 'none' })),
  ],
  ['what: not', (store) => store.parquet.compact(wrong({ what: 1 }))],
];

export function describeParquet(mode: StoreMode): void {
  describe('Parquet files', () => {
    if (mode.durability === 'memory') describeMemory(mode);
    else describeFiles(mode);

    it.each(badOptions)('are not made by a bad %s', async (reason, call) => {
      const error = await errorOf(async () => call(await mode.open()));
      expect(error.code).toBe('validation_error');
      expect(error.message).toContain(reason);
    });
  });
}

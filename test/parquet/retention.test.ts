import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { EmbeddedStore } from '../../src/index.js';
import { codeOf, errorOf, makeDirectory, openStore } from '../support/store.js';
import { eventsOf, fill, rowsOf, segmentBytesMax, untilIndexed } from './support.js';

// A thread of low priority takes its time where the machine is busy.
vi.setConfig({ testTimeout: 120_000 });

async function filled() {
  const dataDir = await makeDirectory();
  const store = await openStore({ dataDir, segmentBytesMax });
  await fill(store, 3000);
  await untilIndexed(store);
  return { dataDir, store };
}

async function idsOfFiles(store: EmbeddedStore): Promise<string[]> {
  const files = await store.parquet.files();
  const rows = await rowsOf(files.map(({ name }) => join(store.parquet.directory, name)));
  return rows.map((row) => row.event_id);
}

describe('retention', () => {
  it('drops what no policy keeps, and Parquet files have it', async () => {
    const { store, dataDir } = await filled();
    const all = (await eventsOf(store)).map(({ id }) => id);
    const nothing = await store.retention.run();
    expect(nothing).toMatchObject({ segments: 0, events: 0, policies: [] });
    expect(nothing.kept).toMatchObject({ firstPosition: 1, tenantId: 'default', policy: null });
    await store.retention.set({ name: 'newest', keepEvents: 1000 });
    const dry = await store.retention.run({ dryRun: true });
    expect(dry).toMatchObject({ dryRun: true, firstPosition: 1 });
    expect((await store.stats()).firstPosition).toBe(1);
    expect(await store.parquet.files()).toEqual([]);
    const steps: string[] = [];
    const report = await store.retention.run({ onProgress: ({ step }) => steps.push(step) });
    expect(steps).toEqual(['measure', 'write', 'verify', 'drop']);
    expect(report).toEqual({ ...dry, dryRun: false, durationMs: report.durationMs });
    expect(report.events).toBeGreaterThan(1000);
    expect(report.policies).toEqual([
      { policy: 'newest', events: report.events, bytes: expect.any(Number) as number },
    ]);
    expect(report.newFirstPosition).toBe((await store.stats()).firstPosition);
    expect(3000 - report.events).toBeGreaterThanOrEqual(1000);
    expect(report.kept).toMatchObject({ firstPosition: report.newFirstPosition, policy: 'newest' });
    // Nothing is lost, and nothing is there twice.
    const files = await store.parquet.files();
    const begin = (files.at(-1)?.lastPosition ?? 0) + 1;
    const behind: string[] = [];
    for await (const { id } of store.read({ fromPosition: begin })) behind.push(id);
    expect([...(await idsOfFiles(store)), ...behind]).toEqual(all);
    await store.close();
    const again = await openStore({ dataDir, segmentBytesMax });
    expect((await again.retention.list()).map(({ name }) => name)).toEqual(['newest']);
    await fill(again, 2000, { from: 3000 });
    await untilIndexed(again);
    const next = await again.retention.run();
    expect(next.firstPosition).toBe(report.newFirstPosition);
    expect(next.events).toBeGreaterThan(500);
    expect((await again.parquet.verify()).ok).toBe(true);
  });

  it('keeps a segment as long as one of its events is kept', async () => {
    const { store } = await filled();
    await store.retention.set({ name: 'all', keepBytes: 1 });
    await store.retention.set({ name: 'paid', eventType: 'order.paid', keepDays: 30 });
    const kept = await store.retention.run({ dryRun: true });
    expect(kept.segments).toBe(0);
    expect(kept.kept).toMatchObject({ eventType: 'order.paid', policy: 'paid' });
    await store.retention.delete('paid');
    expect(await codeOf(() => store.retention.delete('paid'))).toBe('policy_not_found');
    await store.retention.set({ name: 'other', tenantId: 'default', keepEvents: 2900 });
    expect((await store.retention.run({ dryRun: true })).segments).toBe(0);
    await store.retention.set({ name: 'other', tenantId: 'elsewhere', keepEvents: 2900 });
    expect((await store.retention.run({ dryRun: true })).segments).toBeGreaterThan(3);
  });

  it('drops nothing where files are not what the log has', async () => {
    const { store } = await filled();
    await store.parquet.compact({ strategy: 'timebased' });
    const [, second] = await store.parquet.files();
    await rm(join(store.parquet.directory, second?.name ?? ''));
    await store.retention.set({ name: 'newest', keepEvents: 100 });
    const { code, message } = await errorOf(() => store.retention.run());
    expect(code).toBe('storage_damaged');
    expect(message).toBe(`nothing was dropped from the log: ${second?.name ?? ''} is missing`);
    expect((await store.stats()).firstPosition).toBe(1);
  });

  it('is applied by itself, and ends with the store', async () => {
    const dataDir = await makeDirectory();
    const store = await openStore({ dataDir, segmentBytesMax, retention: { intervalSeconds: 1 } });
    await fill(store, 3000);
    await store.retention.set({ name: 'newest', keepEvents: 500 });
    const begin = async () => (await store.stats()).firstPosition;
    await expect.poll(begin, { timeout: 60_000 }).toBeGreaterThan(1000);
    const running = store.retention.run().then(
      () => 'ended',
      (error: unknown) => (error as { code: string }).code,
    );
    await store.close();
    expect(['ended', 'store_closed']).toContain(await running);
    expect(await codeOf(() => store.retention.list())).toBe('store_closed');
  });

  it('refuses what is no policy, and what it can not do', async () => {
    const memory = await openStore({ memory: true });
    const set = (policy: object) =>
      errorOf(() => memory.retention.set({ name: 'a', keepDays: 1, ...policy }));
    expect((await set({ name: '' })).message).toMatch(/^name: expected 1-64/);
    expect((await set({ tenantId: '$system' })).message).toMatch(/^tenant_id: expected/);
    expect((await set({ eventType: 'No' })).message).toMatch(/^event_type: expected/);
    expect((await set({ keepDays: undefined })).message).toMatch(/^keep_days: expected keep_days,/);
    expect((await set({ keepDays: 0.5 })).message).toMatch(/^keep_days: expected a whole number/);
    expect((await set({ keep: 1 })).message).toBe('keep: not a field of a policy');
    expect(await codeOf(() => memory.retention.run())).toBe('unprocessable');
    expect((await errorOf(() => memory.retention.run({ dry: true } as object))).message).toBe(
      'dry: not an option of retention.run',
    );
    expect(
      (await errorOf(() => openStore({ memory: true, retention: { intervalSeconds: 0 } }))).code,
    ).toBe('invalid_configuration');
  });
});

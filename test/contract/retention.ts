import { describe, expect, it } from 'vitest';
import type { RetentionPolicyOptions } from '../../src/index.js';
import { codeOf, collect, errorOf, wrong } from '../support/store.js';
import type { StoreMode } from '../support/store.js';
import { fill, segmentBytesMax, untilIndexed } from '../parquet/support.js';

const badPolicies: readonly [string, RetentionPolicyOptions][] = [
  ['name: expected 1-64', { name: 'a b', keepDays: 1 }],
  ['tenant_id: expected', { name: 'a', tenantId: '', keepDays: 1 }],
  ['event_type: expected', { name: 'a', eventType: 'A B', keepDays: 1 }],
  ['keep_days: expected', { name: 'a', keepDays: 0 }],
  ['keep_events: expected', { name: 'a', keepEvents: 1.5 }],
  ['keep_bytes: expected', { name: 'a', keepBytes: -1 }],
  ['keep_days: expected keep_days, keep_events or keep_bytes', { name: 'a' }],
  ['what: not', wrong({ name: 'a', keepDays: 1, what: 1 })],
];

function describeRuns(mode: StoreMode): void {
  it('drops what no policy keeps', { timeout: 120_000 }, async () => {
    const store = await mode.open({ segmentBytesMax });
    await fill(store, 2000);
    await untilIndexed(store);
    await store.retention.set({ name: 'newest', keepEvents: 900 });
    const dry = await store.retention.run({ dryRun: true });
    expect(dry).toMatchObject({ dryRun: true, firstPosition: 1 });
    expect((await store.stats()).firstPosition).toBe(1);
    const report = await store.retention.run();
    expect(report).toEqual({ ...dry, dryRun: false, durationMs: report.durationMs });
    expect(report.newFirstPosition).toBeGreaterThan(500);
    expect((await store.stats()).firstPosition).toBe(report.newFirstPosition);
    expect(report.policies).toMatchObject([{ policy: 'newest', events: report.events }]);
    const left = await collect(store.read({ order: 'desc', limit: 900 }));
    expect(left).toHaveLength(900);
  });

  it('ends with the signal of who asked, and drops nothing', async () => {
    const store = await mode.open();
    const signal = AbortSignal.abort();
    expect(await codeOf(() => store.retention.run({ signal }))).toBe('aborted');
  });
}

export function describeRetention(mode: StoreMode): void {
  describe('retention', () => {
    it('keeps policies, one of each name', async () => {
      const store = await mode.open();
      expect(await store.retention.list()).toEqual([]);
      const first = { name: 'b', tenantId: 'acme', eventType: 'order.placed', keepDays: 30 };
      const policy = await store.retention.set(first);
      expect(policy).toMatchObject({ ...first, keepEvents: null, keepBytes: null });
      await store.retention.set({ name: 'a', keepEvents: 7, keepBytes: 9 });
      const again = await store.retention.set({ name: 'b', keepDays: 31 });
      expect(again).toMatchObject({ tenantId: null, eventType: null, keepDays: 31 });
      expect(again.updatedAt).toBeGreaterThanOrEqual(policy.updatedAt);
      const other = { name: 'a', tenantId: null, keepDays: null, keepEvents: 7, keepBytes: 9 };
      expect(await store.retention.list()).toMatchObject([other, again]);
      await store.retention.delete('a');
      expect(await codeOf(() => store.retention.delete('a'))).toBe('policy_not_found');
      expect(await store.retention.list()).toEqual([again]);
    });

    it.each(badPolicies)('takes no policy with a bad %s', async (reason, policy) => {
      const store = await mode.open();
      const error = await errorOf(() => store.retention.set(policy));
      expect(error.code).toBe('validation_error');
      expect(error.message).toContain(reason);
      expect(await store.retention.list()).toEqual([]);
    });

    it('takes no unknown option of a run', async () => {
      const store = await mode.open();
      expect(await codeOf(() => store.retention.run(wrong({ dry: true })))).toBe(
        'validation_error',
      );
    });

    if (mode.durability === 'memory') {
      it('drops nothing of a store in memory', async () => {
        const store = await mode.open();
        expect(await codeOf(() => store.retention.run())).toBe('unprocessable');
      });
    } else describeRuns(mode);
  });
}

import { describe, expect, it } from 'vitest';
import { codeOf } from '../support/store.js';
import type { StoreMode } from '../support/store.js';

type Opened = Awaited<ReturnType<StoreMode['open']>>;

async function fill(store: Opened): Promise<void> {
  for (const [n, entityId] of ['a', 'b', 'c'].entries()) {
    const payload = { total: 10 * (n + 1), country: n === 2 ? 'FR' : 'DE' };
    await store.append({ eventType: 'cart.filled', entityId, payload });
    if (n < 2) await store.append({ eventType: 'order.placed', entityId, payload, tags: ['big'] });
  }
  await store.append({ eventType: 'cart.filled', entityId: 'a', payload: 1, tenantId: 'two' });
}

export function describeAnalytics(mode: StoreMode): void {
  describe('analytics', () => {
    it('count by time, type, entity and field', async () => {
      const store = await mode.open();
      await fill(store);
      const { analytics } = store;
      const events = (await store.readPage()).events;
      const [from, to] = [events[0]?.timestamp, events.at(-1)?.timestamp];
      const summary = await analytics.summary();
      expect(summary).toMatchObject({
        totalEvents: 5,
        uniqueEntities: 3,
        uniqueEventTypes: 2,
        timeRange: { from, to },
        topEventTypes: [
          { eventType: 'cart.filled', count: 3, percentage: 60 },
          { eventType: 'order.placed', count: 2, percentage: 40 },
        ],
        firstEvent: from,
        lastEvent: to,
      });
      expect(await analytics.summary({ since: from, until: to })).toEqual(summary);
      const frequency = await analytics.frequency({ window: 'month', since: from });
      expect(frequency).toMatchObject({ totalEvents: 5, window: 'month', bucketSize: null });
      expect(frequency.buckets[0]).toMatchObject({ eventTypes: { 'cart.filled': 3 } });
      expect(await analytics.counts({ by: 'entityId', limit: 1 })).toEqual({
        totalEvents: 5,
        distinct: 3,
        counts: [{ value: 'a', count: 2, percentage: 40 }],
      });
      const filter = { tags: ['big'], match: { eventTypes: ['order.placed'] } };
      const tagged = await analytics.counts({ ...filter, by: 'payload.country' });
      expect(tagged.counts).toEqual([{ value: 'DE', count: 2, percentage: 100 }]);
      const of = { tenantId: 'two' };
      expect((await analytics.summary(of)).totalEvents).toBe(1);
    });

    it('find what goes together', async () => {
      const store = await mode.open();
      await fill(store);
      const { analytics } = store;
      const types = { eventTypeA: 'cart.filled', eventTypeB: 'order.placed' };
      const correlation = await analytics.correlation({ ...types, timeWindowSeconds: 60 });
      const [cart, order] = (await store.readPage()).events;
      expect(correlation).toMatchObject({ totalA: 3, totalB: 2, correlatedPairs: 2 });
      expect(correlation.examples[0]).toEqual({
        entityId: 'a',
        eventA: { id: cart?.id, timestamp: cart?.timestamp },
        eventB: { id: order?.id, timestamp: order?.timestamp },
        timeBetweenSeconds: ((order?.timestamp ?? 0) - (cart?.timestamp ?? 0)) / 1e6,
      });
      const steps = [
        { eventType: 'cart.filled', where: { country: 'DE' } },
        { eventType: 'order.placed' },
      ];
      const funnel = await analytics.funnel({ steps, windowSeconds: 60 });
      expect(funnel.steps.map(({ entities }) => entities)).toEqual([2, 2]);
      const cohorts = await analytics.cohorts({ period: 'month', firstEventType: 'cart.filled' });
      expect(cohorts.totalEntities).toBe(3);
    });

    it('tell what numbers a field has', async () => {
      const store = await mode.open();
      await fill(store);
      const options = {
        percentiles: [50],
        groupBy: 'eventType',
        eventType: 'cart.filled',
      } as const;
      const { groups, ...all } = await store.analytics.field('total', options);
      expect(all).toEqual({
        field: 'total',
        count: 3,
        nulls: 0,
        sum: 60,
        min: 10,
        max: 30,
        mean: 20,
        stddev: 10,
        percentiles: [{ percentile: 50, value: 20 }],
        approximate: false,
      });
      const { field: _, ...numbers } = all;
      expect(groups).toEqual([{ value: 'cart.filled', ...numbers }]);
    });

    it.each<[string, (store: Opened) => Promise<unknown>]>([
      ['an unknown name', ({ analytics }) => analytics.summary({ type: 'a' } as object)],
      ['an unknown window', ({ analytics }) => analytics.frequency({ window: 'year' } as object)],
      ['a group that is none', ({ analytics }) => analytics.counts({ by: 'x' } as object)],
      ['a path that is none', ({ analytics }) => analytics.field('a..b')],
      ['a percentile of 101', ({ analytics }) => analytics.field('a', { percentiles: [101] })],
      ['one type', ({ analytics }) => analytics.correlation({ eventTypeA: 'a.b' } as never)],
      ['0 periods', ({ analytics }) => analytics.cohorts({ periods: 0 })],
    ])('refuse %s', async (_name, ask) => {
      const store = await mode.open();
      expect(await codeOf(() => ask(store))).toBe('invalid_query');
    });

    it('refuse a funnel of one step', async () => {
      const store = await mode.open();
      const code = await codeOf(() => store.analytics.funnel({ steps: [{ eventType: 'a.b' }] }));
      expect(['invalid_query', 'validation_error']).toContain(code);
    });

    it('end when they are aborted', async () => {
      const store = await mode.open();
      const signal = AbortSignal.abort();
      expect(await codeOf(() => store.analytics.summary({ signal }))).toBe('aborted');
      const steps = [{ eventType: 'a.b' }, { eventType: 'a.c' }];
      expect(await codeOf(() => store.analytics.funnel({ steps, signal }))).toBe('aborted');
    });
  });
}

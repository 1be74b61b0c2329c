// Analytics of a store: bad input, bounds, tenants, many batches, and what goes on beside them.
import { describe, expect, it, onTestFinished } from 'vitest';
import { openEventStore } from '../../src/index.js';
import type {
  AnalyticsFilter,
  EmbeddedStore,
  FunnelOptions,
  OpenOptions,
} from '../../src/index.js';
import { codeOf, makeDirectory } from '../support/store.js';

const day = 86_400_000_000;

async function open(options: Partial<OpenOptions> = {}): Promise<EmbeddedStore> {
  const store = await openEventStore({ memory: true, snapshots: { automatic: false }, ...options });
  onTestFinished(() => store.close());
  return store;
}

/** A store whose time is set, and how to append at a time. */
async function openTimed() {
  let now = 0;
  const store = await open({ clock: { now: () => now } });
  const at = (time: number, eventType: string, entityId: string, payload: object = {}) => {
    now = time;
    return store.append({ eventType, entityId, payload: { ...payload } });
  };
  return { store, at };
}

interface Line {
  readonly event_type: string;
  readonly entity_id: string;
  readonly payload?: unknown;
}

async function appendLines(store: EmbeddedStore, lines: readonly Line[]): Promise<void> {
  for (let first = 0; first < lines.length; first += 5_000) {
    const texts = lines
      .slice(first, first + 5_000)
      .map((line) => JSON.stringify({ payload: null, ...line }));
    await store.appendBatch(Buffer.from(texts.join('\n')), { return: 'summary' });
  }
}

describe('questions', () => {
  it.each<[string, (store: EmbeddedStore) => Promise<unknown>, string]>([
    ['an unknown name', ({ analytics }) => analytics.summary({ type: 'a' } as object), 'type: '],
    ['a time that is none', ({ analytics }) => analytics.summary({ since: 'today' }), 'since: '],
    [
      'times in the wrong order',
      ({ analytics }) => analytics.summary({ since: 2, until: 1 }),
      'since: expected a time that is not after until',
    ],
    [
      'an unknown window',
      ({ analytics }) => analytics.frequency({ window: 'year' } as object),
      'window: expected one of minute, hour',
    ],
    [
      'a window and a size',
      ({ analytics }) => analytics.frequency({ window: 'day', bucketSize: 5 }),
      'bucket_size: expected it or window, got both',
    ],
    [
      'a size of 0',
      ({ analytics }) => analytics.frequency({ bucketSize: 0 }),
      'bucket_size: expected a whole number from 1',
    ],
    [
      'too many buckets',
      ({ analytics }) => analytics.frequency({ since: 0, until: 10_000 * 60e6, window: 'minute' }),
      'window: expected at most 10000 buckets, got 10001',
    ],
    ['no type', ({ analytics }) => analytics.correlation({} as never), 'event_type_a: expected'],
    [
      'a window of 0',
      ({ analytics }) =>
        analytics.correlation({ eventTypeA: 'a', eventTypeB: 'b', timeWindowSeconds: 0 }),
      'time_window_seconds: expected a whole number from 1',
    ],
    [
      'one step',
      ({ analytics }) => analytics.funnel({ steps: [{ eventType: 'a' }] }),
      'steps: expected 2-10 steps',
    ],
    [
      'an object as a value',
      ({ analytics }) =>
        analytics.funnel({
          steps: [{ eventType: 'a', where: { b: {} } }, { eventType: 'b' }],
        } as unknown as FunnelOptions),
      'steps.0.where.b: expected a string',
    ],
    [
      'a step with other names',
      ({ analytics }) => analytics.funnel({ steps: [{ type: 'a' }, { type: 'b' }] } as never),
      'steps.0.type: not known here',
    ],
    [
      'too many conditions',
      ({ analytics }) => {
        const where = { a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 };
        return analytics.funnel({ steps: [{ eventType: 'a', where }, { eventType: 'b' }] });
      },
      'steps.0.where: expected at most 5 fields',
    ],
    [
      'an unknown period',
      ({ analytics }) => analytics.cohorts({ period: 'year' } as never),
      'period',
    ],
    ['0 periods', ({ analytics }) => analytics.cohorts({ periods: 0 }), 'periods: expected'],
    ['a path without names', ({ analytics }) => analytics.field('a..b'), 'path: expected names'],
    [
      'a percentile of 101',
      ({ analytics }) => analytics.field('a', { percentiles: [101] }),
      'percentiles: expected at most 20 numbers from 0 to 100',
    ],
    [
      'a group that is none',
      ({ analytics }) => analytics.field('a', { groupBy: 'country' as never }),
      'group_by: expected event_type',
    ],
    ['a limit of 0', ({ analytics }) => analytics.counts({ limit: 0 }), 'limit: expected'],
    [
      'a tenant of the store',
      ({ analytics }) => analytics.summary({ tenantId: '$system' }),
      'tenant_id',
    ],
  ])('refuse %s', async (_name, ask, message) => {
    const store = await open();
    await store.append({ eventType: 'a.b', entityId: 'e', payload: 1 });
    await expect(ask(store)).rejects.toMatchObject({
      code: 'invalid_query',
      message: expect.stringContaining(message) as string,
    });
  });

  it('answer with zeros where there is nothing', async () => {
    const { analytics } = await open();
    const none = { from: null, to: null };
    const [from, to] = [Date.UTC(2026, 0, 1) * 1000, Date.UTC(2026, 0, 2) * 1000];
    for (const options of [{}, { since: from, until: to }]) {
      const timeRange = options.since === undefined ? none : { from, to };
      expect(await analytics.summary(options)).toEqual({
        totalEvents: 0,
        uniqueEntities: 0,
        uniqueEventTypes: 0,
        timeRange,
        eventsPerDay: 0,
        topEventTypes: [],
        topEntities: [],
        firstEvent: null,
        lastEvent: null,
      });
      expect(await analytics.counts(options)).toEqual({ totalEvents: 0, distinct: 0, counts: [] });
      const frequency = await analytics.frequency(options);
      expect(frequency).toMatchObject({ totalEvents: 0, window: 'day', timeRange });
      expect(frequency.buckets.map(({ timestamp }) => timestamp)).toEqual(
        options.since === undefined ? [] : [from, to],
      );
      expect(await analytics.cohorts(options)).toMatchObject({ cohorts: [], totalEntities: 0 });
    }
    expect(await analytics.correlation({ eventTypeA: 'a', eventTypeB: 'b' })).toEqual({
      eventTypeA: 'a',
      eventTypeB: 'b',
      totalA: 0,
      totalB: 0,
      correlatedPairs: 0,
      correlationPercentage: 0,
      avgTimeBetweenSeconds: null,
      examples: [],
    });
    const field = await analytics.field('a', { percentiles: [50], groupBy: 'eventType' });
    expect(field).toEqual({
      field: 'a',
      count: 0,
      nulls: 0,
      sum: 0,
      min: null,
      max: null,
      mean: null,
      stddev: null,
      percentiles: [{ percentile: 50, value: null }],
      approximate: false,
      groups: [],
    });
  });

  it('see one tenant', async () => {
    const store = await open();
    const tenants = ['default', 'two'];
    for (const [at, tenantId] of tenants.entries()) {
      for (let n = 0; n <= at; n += 1) {
        const payload = { total: 10 ** at, of: tenantId };
        await store.append({ eventType: `${tenantId}.a`, entityId: 'e', payload, tenantId });
        await store.append({ eventType: `${tenantId}.b`, entityId: 'e', payload, tenantId });
      }
    }
    for (const [at, tenantId] of tenants.entries()) {
      const { analytics } = store;
      const events = 2 * (at + 1);
      const [a, b] = [`${tenantId}.a`, `${tenantId}.b`];
      const asked: AnalyticsFilter[] = [{ tenantId }, { tenantId, since: 0 }];
      for (const options of asked) {
        expect(await analytics.summary(options)).toMatchObject({
          totalEvents: events,
          uniqueEventTypes: 2,
          topEntities: [{ entityId: 'e', count: events, percentage: 100 }],
        });
        expect((await analytics.counts(options)).counts.map(({ value }) => value)).toEqual([a, b]);
        expect(await analytics.counts({ ...options, by: 'payload.of' })).toMatchObject({
          counts: [{ value: tenantId, count: events }],
        });
      }
      expect((await analytics.frequency({ tenantId })).totalEvents).toBe(events);
      const both = { eventTypeA: 'default.a', eventTypeB: 'two.b', tenantId };
      expect((await analytics.correlation(both)).correlatedPairs).toBe(0);
      expect((await analytics.cohorts({ tenantId })).totalEntities).toBe(1);
      expect((await analytics.field('total', { tenantId })).max).toBe(10 ** at);
      const steps = [{ eventType: 'default.a' }, { eventType: 'default.b' }];
      const funnel = await analytics.funnel({ steps, tenantId });
      expect(funnel.steps[1]?.entities).toBe(at === 0 ? 1 : 0);
    }
    expect((await store.analytics.summary({ tenantId: 'three' })).totalEvents).toBe(0);
  });

  it('are answered from the index and from columns alike', async () => {
    const store = await open();
    const lines = Array.from({ length: 30_000 }, (_, n) => ({
      event_type: `kind.${n % 7}`,
      entity_id: `e-${(n * n) % 4_001}`,
    }));
    await appendLines(store, lines);
    const { timeRange: _, eventsPerDay: __, ...indexed } = await store.analytics.summary();
    expect(await store.analytics.summary({ since: 0 })).toMatchObject(indexed);
    expect(indexed.uniqueEntities).toBe(new Set(lines.map((line) => line.entity_id)).size);
    for (const by of ['eventType', 'entityId'] as const) {
      const options = { by, limit: 1_000 };
      const counts = await store.analytics.counts(options);
      expect(await store.analytics.counts({ ...options, since: 0 })).toEqual(counts);
    }
  });

  it('hold the nearest events over many batches and windows', async () => {
    let now = 0;
    const timed = await open({ clock: { now: () => (now += 1_000_000) } });
    const lines = Array.from({ length: 40_000 }, (_, n) => ({
      event_type: n % 3 === 0 ? 'b.b' : 'a.a',
      entity_id: `e-${(n * 7_919) % 997}`,
    }));
    // One append each would take long; the clock is asked once for each batch of ten.
    for (let first = 0; first < lines.length; first += 10) {
      await appendLines(timed, lines.slice(first, first + 10));
    }
    const timeOf = (n: number): number => Math.floor(n / 10);
    for (const timeWindowSeconds of [99, 350, 100_000]) {
      const bs = new Map<string, number[]>();
      for (const [n, line] of lines.entries()) {
        if (line.event_type === 'b.b') {
          bs.set(line.entity_id, [...(bs.get(line.entity_id) ?? []), timeOf(n)]);
        }
      }
      let [pairs, between] = [0, 0];
      for (const [n, line] of lines.entries()) {
        if (line.event_type !== 'a.a') continue;
        const distances = (bs.get(line.entity_id) ?? []).map((b) => Math.abs(b - timeOf(n)));
        const nearest = Math.min(Infinity, ...distances);
        if (nearest > timeWindowSeconds) continue;
        pairs += 1;
        between += nearest;
      }
      const types = { eventTypeA: 'a.a', eventTypeB: 'b.b', timeWindowSeconds };
      const answer = await timed.analytics.correlation(types);
      expect(answer.correlatedPairs).toBe(pairs);
      expect(answer.avgTimeBetweenSeconds).toBeCloseTo(between / pairs, 6);
    }
  });

  it('count calendar months and weeks from Monday', async () => {
    const { store, at } = await openTimed();
    const sunday = Date.UTC(2026, 1, 1, 23, 59, 59) * 1000;
    await at(sunday, 'a.b', 'e');
    await at(sunday + 1_000_000, 'a.b', 'e');
    await at(Date.UTC(2026, 2, 31) * 1000, 'a.c', 'e');
    const starts = async (window: 'week' | 'month') =>
      (await store.analytics.frequency({ window })).buckets.map(({ timestamp, count }) => [
        new Date(timestamp / 1000).toISOString().slice(0, 10),
        count,
      ]);
    expect(await starts('month')).toEqual([
      ['2026-02-01', 2],
      ['2026-03-01', 1],
    ]);
    expect((await starts('week')).slice(0, 3)).toEqual([
      ['2026-01-26', 1],
      ['2026-02-02', 1],
      ['2026-02-09', 0],
    ]);
  });

  it('group numbers by their value and texts by what they say', async () => {
    const store = await open();
    const texts = ['1', '1.0', '1e0', '"1"', '"A"', '"\\u0041"', '0', '-0', 'null', '{}', 'true'];
    for (const text of texts) {
      const line = `{"event_type":"a.b","entity_id":"e","payload":{"v":${text}}}`;
      await store.appendBatch(Buffer.from(line));
    }
    const { counts } = await store.analytics.counts({ by: 'payload.v' });
    const pairs = new Map(counts.map(({ value, count }) => [value, count]));
    expect(pairs).toEqual(
      new Map<unknown, number>([
        [1, 3],
        ['A', 2],
        [0, 2],
        [null, 2],
        ['1', 1],
        [true, 1],
      ]),
    );
  });

  it('refuse more groups than they hold', async () => {
    const store = await open();
    const lines = Array.from({ length: 1_001 }, (_, n) => ({
      event_type: 'a.b',
      entity_id: 'e',
      payload: { n },
    }));
    await appendLines(store, lines);
    const asked = store.analytics.field('n', { groupBy: 'payload.n' });
    expect(await codeOf(() => asked)).toBe('unprocessable');
    await expect(asked).rejects.toThrow('more than 1000 values of payload.n');
    const fewer = await store.analytics.field('n', { groupBy: 'payload.n', until: 0 });
    expect(fewer.groups).toEqual([]);
  });

  it('are about what the log has, and say where they ask for what was dropped', async () => {
    const dataDir = await makeDirectory();
    const store = await open({ memory: undefined, dataDir, segmentBytesMax: 64 * 1024 });
    const payload = 'x'.repeat(1_000);
    for (let n = 0; n < 300; n += 1)
      await store.append({ eventType: `a.${n % 2}`, entityId: `e-${n}`, payload });
    const { firstPosition } = await store.dropBefore(200);
    expect(firstPosition).toBeGreaterThan(1);
    const totalEvents = 300 - firstPosition + 1;
    const [event] = (await store.readPage({ fromPosition: firstPosition, limit: 1 })).events;
    const { analytics } = store;
    const until = Number.MAX_SAFE_INTEGER;
    for (const options of [{}, { until }]) {
      expect(await analytics.summary(options)).toMatchObject({
        totalEvents,
        uniqueEntities: totalEvents,
        firstEvent: event?.timestamp,
      });
      expect(await analytics.counts(options)).toMatchObject({ totalEvents, distinct: 2 });
    }
    expect(await analytics.frequency()).toMatchObject({ totalEvents });
    expect(await codeOf(() => analytics.summary({ since: 0 }))).toBe('events_dropped');
    const behind = await analytics.summary({ since: (event?.timestamp ?? 0) + 1 });
    expect(behind.totalEvents).toBeLessThan(totalEvents);
  });

  it('end when they are aborted', async () => {
    const store = await open();
    await appendLines(
      store,
      Array.from({ length: 40_000 }, (_, n) => ({ event_type: 'a.b', entity_id: `e-${n}` })),
    );
    const before = store.analytics.summary({ signal: AbortSignal.abort() });
    expect(await codeOf(() => before)).toBe('aborted');
    for (const options of [{}, { since: 0 }]) {
      const controller = new AbortController();
      const asked = store.analytics.summary({ ...options, signal: controller.signal });
      controller.abort();
      expect(await codeOf(() => asked)).toBe('aborted');
    }
    expect((await store.analytics.summary()).uniqueEntities).toBe(40_000);
  });

  it('wait for their turn, and leave the thread to appends', async () => {
    const store = await open();
    await appendLines(
      store,
      Array.from({ length: 100_000 }, (_, n) => ({ event_type: 'a.b', entity_id: `e-${n % 999}` })),
    );
    const ended: string[] = [];
    const ask = (name: string, signal?: AbortSignal) =>
      store.analytics.summary({ since: 0, signal }).finally(() => ended.push(name));
    const controller = new AbortController();
    const asked = [ask('first'), ask('second'), ask('third')];
    const left = ask('left', controller.signal);
    controller.abort();
    expect(await codeOf(() => left)).toBe('aborted');
    await store.append({ eventType: 'a.b', entityId: 'beside', payload: 1 });
    expect(ended).toEqual(['left']);
    await Promise.all(asked);
    expect(ended[1]).not.toBe('third');
    const many = Array.from({ length: 103 }, () => store.analytics.counts({ since: 0 }));
    const results = await Promise.allSettled(many);
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result] : []));
    expect(refused.map(({ reason }) => (reason as { code: string }).code)).toEqual(['overloaded']);
  });

  it('fail once the store is closed', async () => {
    const store = await open();
    await store.close();
    expect(await codeOf(() => store.analytics.summary())).toBe('store_closed');
    expect(await codeOf(() => store.analytics.frequency())).toBe('store_closed');
  });

  it('count an entity in the cohort of its first event', async () => {
    const { store, at } = await openTimed();
    const monday = Date.UTC(2026, 0, 5) * 1000;
    await at(monday, 'user.joined', 'a');
    await at(monday + day, 'user.joined', 'b');
    await at(monday + 7 * day, 'user.seen', 'a');
    await at(monday + 8 * day, 'user.joined', 'c');
    await at(monday + 14 * day, 'user.seen', 'b');
    const { cohorts } = await store.analytics.cohorts({ firstEventType: 'user.joined' });
    expect(cohorts).toEqual([
      {
        timestamp: monday,
        entities: 2,
        retention: [
          { period: 1, entities: 1, percentage: 50 },
          { period: 2, entities: 1, percentage: 50 },
        ],
      },
      {
        timestamp: monday + 7 * day,
        entities: 1,
        retention: [{ period: 1, entities: 0, percentage: 0 }],
      },
    ]);
  });
});

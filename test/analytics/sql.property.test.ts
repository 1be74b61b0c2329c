// What the analytics say of random histories is what SQL says of the same events.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { EmbeddedStore, FrequencyOptions, TimeRange, TimeWindow } from '../../src/index.js';
import { sqlRow, sqlRows } from './asked.js';
import { bounds, entityIds, eventTypes, histories, storeOf, windows } from './history.js';

/** More with PROPERTY_RUNS=1000; a failed run prints its seed, for PROPERTY_SEED. */
const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 40);
const seed = process.env['PROPERTY_SEED'];
const timeoutMs = 600_000;

interface Asked {
  readonly store: EmbeddedStore;
  readonly bounds: { readonly since: number | undefined; readonly until: number | undefined };
}

async function compare<T>(
  choices: fc.Arbitrary<T>,
  check: (asked: Asked, choice: T) => Promise<void>,
): Promise<void> {
  const property = fc.asyncProperty(histories, choices, fc.gen(), async (history, choice, draw) => {
    const store = await storeOf(history);
    try {
      const drawn = bounds(history, (max) => draw(fc.nat, { max }));
      await check({ store, bounds: drawn }, choice);
    } finally {
      await store.close();
    }
  });
  await fc.assert(property, { numRuns, ...(seed === undefined ? {} : { seed: Number(seed) }) });
}

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const filters = fc.record({
  entityId: optional(fc.constantFrom(...entityIds)),
  eventType: optional(fc.constantFrom(...eventTypes)),
});

/** The events that are asked for, as a condition of SQL. */
function where(conditions: Readonly<Record<string, string | number | undefined>>): string {
  const texts = Object.entries(conditions).flatMap(([name, value]) => {
    if (value === undefined) return [];
    if (name === 'since') return [`t >= ${value}`];
    if (name === 'until') return [`t <= ${value}`];
    return [`${name === 'entityId' ? 'entity_id' : 'event_type'} = '${value}'`];
  });
  return ['true', ...texts].join(' AND ');
}

const buckets = fc.oneof<fc.Arbitrary<Pick<FrequencyOptions, 'window' | 'bucketSize'>>[]>(
  fc.record({ window: fc.constantFrom<TimeWindow>('minute', 'hour', 'day', 'week', 'month') }),
  fc.record({ bucketSize: fc.constantFrom(1, 7, 900, 86_400, 1_000_003) }),
);

function startOfBucket(choice: FrequencyOptions, time: string): string {
  if (choice.window !== undefined) return `date_trunc('${choice.window}', ${time})`;
  const origin = "TIMESTAMP '1970-01-01'";
  return `time_bucket(INTERVAL '${choice.bucketSize} seconds', ${time}, ${origin})`;
}

/** A bucket and a type that it has; null where it has none. */
interface Cell {
  readonly timestamp: unknown;
  readonly type: unknown;
  readonly n: number;
}

it('frequency counts as SQL does', { timeout: timeoutMs }, async () => {
  await compare(fc.tuple(filters, buckets), async ({ store, bounds }, [filter, choice]) => {
    const selected = where({ ...filter, ...bounds });
    const ends = await sqlRow(
      store,
      `SELECT count(*) AS n, min(t) AS first, max(t) AS last FROM history WHERE ${selected}`,
    );
    const from = bounds.since ?? ends['first'];
    const to = bounds.until ?? ends['last'];
    const step = choice.window ?? `${choice.bucketSize} seconds`;
    const interval = `INTERVAL '${choice.window === undefined ? step : `1 ${step}`}'`;
    const startOf = (micros: unknown) => startOfBucket(choice, `make_timestamp(${String(micros)})`);
    const sql = `WITH wanted AS (
        SELECT ${startOfBucket(choice, 'ts')} AS start, event_type FROM history WHERE ${selected}),
      starts AS (FROM generate_series(${startOf(from)}, ${startOf(to)}, ${interval}) s(start))
      SELECT epoch_us(starts.start) AS timestamp, event_type, count(event_type) AS count
      FROM starts LEFT JOIN wanted ON wanted.start = starts.start GROUP BY ALL ORDER BY 1, 2`;
    // A list of all seconds of some years would be one of hundreds of millions.
    const spanSql =
      choice.window === undefined
        ? `(epoch_us(${startOf(to)}) - epoch_us(${startOf(from)})) // ${(choice.bucketSize ?? 0) * 1e6}`
        : `date_diff('${choice.window}', ${startOf(from)}, ${startOf(to)})`;
    const isEmpty = from === null || to === null;
    const span = isEmpty ? 0 : Number((await sqlRow(store, `SELECT ${spanSql} + 1 AS n`))['n']);
    const options = { ...filter, ...bounds, ...choice };
    if (span > 10_000) {
      await expect(store.analytics.frequency(options)).rejects.toMatchObject({
        code: 'invalid_query',
      });
      return;
    }
    const answer = await store.analytics.frequency(options);
    expect(answer.totalEvents).toBe(ends['n']);
    expect(answer.timeRange).toEqual({ from: from ?? null, to: to ?? null });
    expect(answer.buckets).toHaveLength(span);
    const flat = answer.buckets.flatMap(({ timestamp, count, eventTypes: types }) => {
      const rows: Cell[] = Object.entries(types).map(([type, n]) => ({ timestamp, type, n }));
      expect(rows.reduce((sum, { n }) => sum + n, 0)).toBe(count);
      return count === 0 ? [{ timestamp, type: null, n: 0 }] : rows;
    });
    const expected = span === 0 ? [] : await sqlRows(store, sql);
    // As texts: comparing thousands of objects takes seconds.
    const textOf = ({ timestamp, type, n }: Cell) => `${String(timestamp)} ${String(type)} ${n}`;
    const cells = expected.map((row) => ({
      timestamp: row['timestamp'],
      type: row['event_type'],
      n: Number(row['count']),
    }));
    expect(flat.map(textOf).sort()).toEqual(cells.map(textOf).sort());
  });
});

it('summary counts as SQL does', { timeout: timeoutMs }, async () => {
  await compare(filters, async ({ store, bounds }, filter) => {
    const selected = where({ ...filter, ...bounds });
    const totals = await sqlRow(
      store,
      `SELECT count(*) AS n, count(DISTINCT entity_id) AS entities,
         count(DISTINCT event_type) AS types, min(t) AS first, max(t) AS last
       FROM history WHERE ${selected}`,
    );
    const top = (column: string) =>
      sqlRows(
        store,
        `SELECT ${column} AS name, count(*) AS count, count(*) * 100.0 / ${totals['n'] as number} AS share
         FROM history WHERE ${selected} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10`,
      );
    const answer = await store.analytics.summary({ ...filter, ...bounds });
    const { first, last } = totals as { first: number | null; last: number | null };
    const timeRange: TimeRange = { from: bounds.since ?? first, to: bounds.until ?? last };
    expect(answer).toMatchObject({
      totalEvents: totals['n'],
      uniqueEntities: totals['entities'],
      uniqueEventTypes: totals['types'],
      timeRange,
      firstEvent: first,
      lastEvent: last,
    });
    const days = Math.max(1, ((timeRange.to ?? 0) - (timeRange.from ?? 0)) / 86_400e6);
    expect(answer.eventsPerDay).toBeCloseTo(Number(totals['n']) / days, 9);
    const plain = ({ count, percentage }: { count: number; percentage: number }, name: string) => ({
      name,
      count,
      share: expect.closeTo(percentage, 9) as number,
    });
    const types = answer.topEventTypes.map((one) => plain(one, one.eventType));
    expect(await top('event_type')).toEqual(types);
    const entities = answer.topEntities.map((one) => plain(one, one.entityId));
    expect(await top('entity_id')).toEqual(entities);
  });
});

const correlations = fc.record({
  eventTypeA: fc.constantFrom(...eventTypes),
  eventTypeB: fc.constantFrom(...eventTypes),
  timeWindowSeconds: fc.constantFrom(...windows),
});

it('correlation pairs as SQL does', { timeout: timeoutMs }, async () => {
  await compare(correlations, async ({ store, bounds }, options) => {
    const selected = where(bounds);
    const { eventTypeA, eventTypeB, timeWindowSeconds } = options;
    const found = await sqlRow(
      store,
      `WITH a AS (SELECT * FROM history WHERE event_type = '${eventTypeA}' AND ${selected}),
        b AS (SELECT * FROM history WHERE event_type = '${eventTypeB}' AND ${selected}),
        pairs AS (
          SELECT a.position, min(abs(a.t - b.t)) AS between_us
          FROM a JOIN b ON a.entity_id = b.entity_id AND a.position <> b.position
            AND abs(a.t - b.t) <= ${timeWindowSeconds * 1e6}
          GROUP BY a.position)
       SELECT (SELECT count(*) FROM a) AS a, (SELECT count(*) FROM b) AS b,
         count(*) AS pairs, avg(between_us) / 1e6 AS seconds,
         list(position ORDER BY position)[1:5] AS examples FROM pairs`,
    );
    const answer = await store.analytics.correlation({ ...options, ...bounds });
    const pairs = Number(found['pairs']);
    expect(answer).toMatchObject({
      eventTypeA,
      eventTypeB,
      totalA: found['a'],
      totalB: found['b'],
      correlatedPairs: pairs,
      correlationPercentage: pairs === 0 ? 0 : (pairs * 100) / Number(found['a']),
    });
    if (pairs === 0) expect(answer.avgTimeBetweenSeconds).toBeNull();
    else expect(answer.avgTimeBetweenSeconds).toBeCloseTo(Number(found['seconds']), 6);
    expect(answer.examples).toHaveLength(Math.min(5, pairs));
    for (const { entityId, eventA, eventB, timeBetweenSeconds } of answer.examples) {
      const [a, b] = await Promise.all([store.getEvent(eventA.id), store.getEvent(eventB.id)]);
      expect(a).toMatchObject({ entityId, eventType: eventTypeA, timestamp: eventA.timestamp });
      expect(b).toMatchObject({ entityId, eventType: eventTypeB, timestamp: eventB.timestamp });
      expect(Math.abs(eventA.timestamp - eventB.timestamp)).toBe(
        Math.round(timeBetweenSeconds * 1e6),
      );
      expect(timeBetweenSeconds).toBeLessThanOrEqual(timeWindowSeconds);
    }
  });
});

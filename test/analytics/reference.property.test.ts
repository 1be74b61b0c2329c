// Counts, funnels, cohorts and field statistics of random histories are what plain functions make of them.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type {
  Cohorts,
  CohortsOptions,
  EmbeddedStore,
  FunnelOptions,
  FunnelStep,
  GroupBy,
  GroupValue,
  JsonValue,
} from '../../src/index.js';
import { bounds, eventTypes, histories, storeOf, windows } from './history.js';
import type { Happened } from './history.js';

/** More with PROPERTY_RUNS=1000; a failed run prints its seed, for PROPERTY_SEED. */
const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 60);
const seed = process.env['PROPERTY_SEED'];
const timeoutMs = 600_000;

interface Asked {
  readonly store: EmbeddedStore;
  /** What lies in the bounds. */
  readonly events: readonly Happened[];
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
      const { since = -Infinity, until = Infinity } = drawn;
      const events = history.filter(({ time }) => time >= since && time <= until);
      await check({ store, events, bounds: drawn }, choice);
    } finally {
      await store.close();
    }
  });
  await fc.assert(property, { numRuns, ...(seed === undefined ? {} : { seed: Number(seed) }) });
}

function fieldOf(payload: JsonValue, name: string): JsonValue | undefined {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return undefined;
  return (payload as Record<string, JsonValue>)[name];
}

function groupOf({ eventType, entityId, payload }: Happened, by: GroupBy): GroupValue {
  if (by === 'eventType') return eventType;
  if (by === 'entityId') return entityId;
  const value = fieldOf(payload, by.slice('payload.'.length));
  return typeof value === 'object' || value === undefined ? null : value;
}

const groupings = fc.constantFrom<GroupBy>(
  'eventType',
  'entityId',
  'payload.total',
  'payload.country',
  'payload.none',
);

it('counts are those of the events', { timeout: timeoutMs }, async () => {
  const choices = fc.record({ by: groupings, limit: fc.constantFrom(1, 2, 1000) });
  await compare(choices, async ({ store, events, bounds }, { by, limit }) => {
    const expected = new Map<GroupValue, number>();
    for (const event of events) {
      const value = groupOf(event, by);
      expected.set(value, (expected.get(value) ?? 0) + 1);
    }
    const answer = await store.analytics.counts({ ...bounds, by, limit });
    expect(answer).toMatchObject({ totalEvents: events.length, distinct: expected.size });
    const counts = answer.counts.map(({ count }) => count);
    const all = [...expected.values()].sort((a, b) => b - a);
    expect(counts).toEqual(all.slice(0, limit));
    for (const { value, count, percentage } of answer.counts) {
      expect(count).toBe(expected.get(value));
      expect(percentage).toBeCloseTo((count / events.length) * 100, 9);
    }
  });
});

const steps = fc.array(
  fc.record({
    eventType: fc.constantFrom(...eventTypes),
    where: fc.constantFrom<FunnelStep['where']>(
      undefined,
      undefined,
      { country: 'DE' },
      { country: 'a"b', none: null },
    ),
  }),
  { minLength: 2, maxLength: 4 },
);

/** Steps that an entity came to, and how long it took from the one before. */
function progressOf(events: readonly Happened[], steps: readonly FunnelStep[], window: number) {
  const isStep = (event: Happened, step: FunnelStep | undefined): boolean =>
    event.eventType === step?.eventType &&
    Object.entries(step.where ?? {}).every(
      ([name, value]) => (fieldOf(event.payload, name) ?? null) === value,
    );
  // All rows of events that are the first steps in order and in time, by their last events.
  let rows = events.flatMap((event, at) => (isStep(event, steps[0]) ? [[at]] : []));
  const durations: number[] = [];
  let reached = rows.length > 0 ? 1 : 0;
  for (const step of steps.slice(1)) {
    rows = events.flatMap((event, at) => {
      if (!isStep(event, step)) return [];
      const before = rows.filter((row) => {
        const [begin = 0, last = 0] = [row[0], row.at(-1)];
        return last < at && event.time - (events[begin]?.time ?? 0) <= window * 1e6;
      });
      return before.map((row) => [...row, at]);
    });
    if (rows.length === 0) break;
    reached += 1;
    const firstEnd = Math.min(...rows.map((row) => row.at(-1) ?? 0));
    const before = Math.max(
      ...rows.filter((row) => row.at(-1) === firstEnd).map((row) => row.at(-2) ?? 0),
    );
    durations.push((events[firstEnd]?.time ?? 0) - (events[before]?.time ?? 0));
  }
  return { reached, durations };
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const low = sorted[Math.floor(middle)];
  const high = sorted[Math.ceil(middle)];
  return low === undefined || high === undefined ? null : (low + high) / 2 / 1e6;
}

it('funnels are those of each entity', { timeout: timeoutMs }, async () => {
  const choices = fc.record({ steps, windowSeconds: fc.constantFrom(...windows) });
  await compare<FunnelOptions>(choices, async ({ store, events, bounds }, options) => {
    const { steps: wanted, windowSeconds = 0 } = options;
    const progress = [...byEntity(events).values()].map((own) =>
      progressOf(own, wanted, windowSeconds),
    );
    const answer = await store.analytics.funnel({ ...options, ...bounds });
    const counts = wanted.map((_, at) => progress.filter(({ reached }) => reached > at).length);
    expect(answer.steps.map(({ entities }) => entities)).toEqual(counts);
    for (const [at, step] of answer.steps.entries()) {
      const durations = progress.flatMap((one) => one.durations.slice(at - 1, at));
      const expected = at === 0 ? null : median(durations);
      if (expected === null) expect(step.medianSeconds).toBeNull();
      else expect(step.medianSeconds).toBeCloseTo(expected, 6);
      const [first = 0, before = 0] = [counts[0], counts[Math.max(0, at - 1)]];
      expect(step.percentage).toBe(first === 0 ? 0 : (step.entities * 100) / first);
      expect(step.percentageOfPrevious).toBe(before === 0 ? 0 : (step.entities * 100) / before);
    }
  });
});

function byEntity(events: readonly Happened[]): Map<string, Happened[]> {
  const entities = new Map<string, Happened[]>();
  for (const event of events) {
    entities.set(event.entityId, [...(entities.get(event.entityId) ?? []), event]);
  }
  return entities;
}

/** Begin of a period, without the calendar of the code. */
function startOf(period: Cohorts['period'], micros: number): number {
  const date = new Date(Math.floor(micros / 1000));
  date.setUTCHours(0, 0, 0, 0);
  if (period === 'week') date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
  if (period === 'month') date.setUTCDate(1);
  return date.getTime() * 1000;
}

function later(period: Cohorts['period'], start: number, periods: number): number {
  const date = new Date(start / 1000);
  if (period === 'month') date.setUTCMonth(date.getUTCMonth() + periods);
  else date.setUTCDate(date.getUTCDate() + periods * (period === 'week' ? 7 : 1));
  return date.getTime() * 1000;
}

it('cohorts are those of each entity', { timeout: timeoutMs }, async () => {
  const type = fc.option(fc.constantFrom(...eventTypes), { nil: undefined });
  const choices = fc.record({
    period: fc.constantFrom<Cohorts['period']>('day', 'week', 'month'),
    firstEventType: type,
    returnEventType: type,
    periods: fc.constantFrom(1, 3, 100),
  });
  await compare<CohortsOptions>(choices, async ({ store, events, bounds }, options) => {
    const { period = 'week', firstEventType, returnEventType, periods = 12 } = options;
    const cohorts = new Map<number, Set<number>[]>();
    for (const own of byEntity(events).values()) {
      const first = own.findIndex(
        ({ eventType }) => firstEventType === undefined || eventType === firstEventType,
      );
      const begin = own[first];
      if (begin === undefined) continue;
      const start = startOf(period, begin.time);
      const back = own
        .slice(first + 1)
        .filter(({ eventType }) => returnEventType === undefined || eventType === returnEventType);
      const returned = new Set(back.map(({ time }) => startOf(period, time)));
      cohorts.set(start, [...(cohorts.get(start) ?? []), returned]);
    }
    const answer = await store.analytics.cohorts({ ...options, ...bounds });
    expect(answer.totalEntities).toBe([...cohorts.values()].flat().length);
    expect(answer.cohorts.map(({ timestamp }) => timestamp)).toEqual(
      [...cohorts.keys()].sort((a, b) => a - b),
    );
    const end = answer.timeRange.to ?? 0;
    for (const { timestamp, entities, retention } of answer.cohorts) {
      const returned = cohorts.get(timestamp) ?? [];
      expect(entities).toBe(returned.length);
      const starts = Array.from({ length: periods }, (_, at) => later(period, timestamp, at + 1));
      const expected = starts
        .filter((start) => start <= end)
        .map((start, at) => {
          const back = returned.filter((one) => one.has(start)).length;
          return { period: at + 1, entities: back, percentage: (back * 100) / returned.length };
        });
      expect(retention).toEqual(expected);
    }
  });
});

function percentileOf(values: readonly number[], percentile: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (percentile / 100) * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return low === undefined || high === undefined ? null : low + (high - low) * (place % 1);
}

function near(value: number | null): unknown {
  return value === null ? null : expect.closeTo(value, 4);
}

function numbersOf(events: readonly Happened[], percentiles: readonly number[]) {
  const fields = events.map(({ payload }) => fieldOf(payload, 'total'));
  const values = fields.filter((value) => typeof value === 'number');
  const sum = values.reduce((all, value) => all + value, 0);
  const mean = values.length === 0 ? null : sum / values.length;
  const squares = values.reduce((all, value) => all + (value - (mean ?? 0)) ** 2, 0);
  return {
    count: values.length,
    nulls: events.length - values.length,
    sum: near(sum),
    min: values.length === 0 ? null : Math.min(...values),
    max: values.length === 0 ? null : Math.max(...values),
    mean: near(mean),
    stddev: near(values.length < 2 ? null : Math.sqrt(squares / (values.length - 1))),
    percentiles: percentiles.map((percentile) => ({
      percentile,
      value: near(percentileOf(values, percentile)),
    })),
    approximate: false,
  };
}

it('statistics of a field are those of its numbers', { timeout: timeoutMs }, async () => {
  const choices = fc.record({
    groupBy: groupings,
    percentiles: fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 5 }),
  });
  await compare(choices, async ({ store, events, bounds }, { groupBy, percentiles }) => {
    const options = { ...bounds, groupBy, percentiles };
    const { groups, ...all } = await store.analytics.field('total', options);
    expect(all).toEqual({ field: 'total', ...numbersOf(events, percentiles) });
    const values = new Set(events.map((event) => groupOf(event, groupBy)));
    expect(new Set(groups?.map(({ value }) => value))).toEqual(values);
    for (const { value, ...numbers } of groups ?? []) {
      const own = events.filter((event) => groupOf(event, groupBy) === value);
      expect(numbers).toEqual(numbersOf(own, percentiles));
    }
  });
});

// Analytics over HTTP.
import { describe, expect, it } from 'vitest';
import { answerCheck, sendJson } from './documentedAnswers.js';
import { append, bodyOf, call, startListening } from './support.js';
import type { Target } from './support.js';

const path = '/api/v1/analytics';
const time = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/) as string;
const get = (target: Target, of: string) => call(target, { path: `${path}/${of}` });

/** Carts of three entities, two of which become orders. */
async function shop(): Promise<Target> {
  const target = await startListening();
  for (const [n, entity] of ['a', 'b', 'c'].entries()) {
    const payload = { total: 10 * (n + 1), country: n === 2 ? 'FR' : 'DE' };
    await append(target, { event_type: 'cart.filled', entity_id: entity, payload });
    if (n < 2) await append(target, { event_type: 'order.placed', entity_id: entity, payload });
  }
  await append(target, { event_type: 'cart.filled', entity_id: 'a', tenant_id: 'two' });
  return target;
}

describe('analytics over HTTP', () => {
  it('answer how many, when and of whom', async () => {
    const target = await shop();
    const check = await answerCheck(target);
    const frequency = check('Frequency', await get(target, 'frequency?window=month'));
    expect(frequency).toEqual({
      buckets: [
        { timestamp: time, count: 5, event_types: { 'cart.filled': 3, 'order.placed': 2 } },
      ],
      total_events: 5,
      window: 'month',
      bucket_size: null,
      time_range: { from: time, to: time },
    });
    const sized = check('Frequency', await get(target, 'frequency?bucket_size=31622400'));
    expect(sized).toMatchObject({ window: null, bucket_size: 31_622_400, total_events: 5 });
    const summary = check('AnalyticsSummary', await get(target, 'summary'));
    expect(summary).toEqual({
      total_events: 5,
      unique_entities: 3,
      unique_event_types: 2,
      time_range: { from: time, to: time },
      events_per_day: 5,
      top_event_types: [
        { event_type: 'cart.filled', count: 3, percentage: 60 },
        { event_type: 'order.placed', count: 2, percentage: 40 },
      ],
      top_entities: [
        { entity_id: 'a', count: 2, percentage: 40 },
        { entity_id: 'b', count: 2, percentage: 40 },
        { entity_id: 'c', count: 1, percentage: 20 },
      ],
      first_event: time,
      last_event: time,
    });
    const counts = check('Counts', await get(target, 'counts?by=payload.country&limit=1'));
    expect(counts).toEqual({
      total_events: 5,
      distinct: 2,
      counts: [{ value: 'DE', count: 4, percentage: 80 }],
    });
  });

  it('answer what goes together', async () => {
    const target = await shop();
    const check = await answerCheck(target);
    const pairs =
      'correlation?event_type_a=cart.filled&event_b=order.placed&time_window_seconds=60';
    const correlation = check('Correlation', await get(target, pairs));
    expect(correlation).toMatchObject({
      event_type_a: 'cart.filled',
      event_type_b: 'order.placed',
      total_a: 3,
      total_b: 2,
      correlated_pairs: 2,
      correlation_percentage: (2 * 100) / 3,
      examples: [{ entity_id: 'a', event_a: { timestamp: time } }, { entity_id: 'b' }],
    });
    const steps = [
      { event_type: 'cart.filled', where: { country: 'DE' } },
      { event_type: 'order.placed' },
    ];
    const body = { steps, window_seconds: 60, since: null, tenant_id: null };
    const answer = await sendJson(target, { method: 'POST', path: `${path}/funnel`, body });
    expect(check('Funnel', answer)).toEqual({
      steps: [
        {
          event_type: 'cart.filled',
          entities: 2,
          percentage: 100,
          percentage_of_previous: 100,
          median_seconds: null,
        },
        {
          event_type: 'order.placed',
          entities: 2,
          percentage: 100,
          percentage_of_previous: 100,
          median_seconds: expect.any(Number) as number,
        },
      ],
      window_seconds: 60,
      approximate: false,
    });
    const cohorts = check('Cohorts', await get(target, 'cohorts?period=month&periods=2'));
    expect(cohorts).toEqual({
      period: 'month',
      cohorts: [{ timestamp: time, entities: 3, retention: [] }],
      total_entities: 3,
      time_range: { from: time, to: time },
    });
  });

  it('answer what a field has', async () => {
    const target = await shop();
    const check = await answerCheck(target);
    const query = 'path=total&percentiles=0,50,99.5&group_by=event_type&event_type_prefix=cart';
    const answer = check('FieldStatistics', await get(target, `field?${query}`));
    const numbers = { count: 3, nulls: 0, sum: 60, min: 10, max: 30, mean: 20, stddev: 10 };
    expect(answer).toMatchObject({
      field: 'total',
      ...numbers,
      percentiles: [
        { percentile: 0, value: 10 },
        { percentile: 50, value: 20 },
        { percentile: 99.5, value: 29.9 },
      ],
      approximate: false,
      groups: [{ value: 'cart.filled', ...numbers }],
    });
    const none = check('FieldStatistics', await get(target, 'field?path=none'));
    expect(none).toMatchObject({ count: 0, nulls: 5, min: null, groups: null });
  });

  it('are of one tenant', async () => {
    const target = await shop();
    const counts = async (question: string) => bodyOf(await get(target, question));
    expect(await counts('summary?tenant_id=two')).toMatchObject({ total_events: 1 });
    expect(await counts('frequency?tenant_id=two')).toMatchObject({ total_events: 1 });
    expect(await counts('counts?tenant_id=three')).toMatchObject({ total_events: 0 });
  });

  it.each<[string, string]>([
    ['frequency?window=year', 'window'],
    ['frequency?window=day&bucket_size=5', 'bucket_size'],
    ['frequency?bucket_size=0', 'bucket_size'],
    ['frequency?since=2026-01-01T00:00:00Z&until=2027-01-01T00:00:00Z&window=minute', 'window'],
    ['summary?since=yesterday', 'since'],
    ['summary?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z', 'since'],
    ['summary?limit=5', 'limit'],
    ['summary?tenant_id=$system', 'tenant_id'],
    ['counts?by=country', 'by'],
    ['counts?limit=1001', 'limit'],
    ['correlation?event_a=a.b', 'event_type_b'],
    ['correlation?event_a=a.b&event_type_a=a.b&event_b=a.c', 'event_type_a'],
    ['correlation?event_a=a.b&event_b=a.c&time_window_seconds=0', 'time_window_seconds'],
    ['cohorts?period=year', 'period'],
    ['cohorts?periods=101', 'periods'],
    ['field', 'path'],
    ['field?path=a..b', 'path'],
    ['field?path=a&percentiles=50,x', 'percentiles'],
    ['field?path=a&percentiles=101', 'percentiles'],
    ['field?path=a&group_by=b', 'group_by'],
  ])('refuse %s', async (question, field) => {
    const target = await shop();
    const answer = await get(target, question);
    expect({ status: answer.status, ...bodyOf(answer) }).toMatchObject({
      status: 400,
      code: 'invalid_query',
      error: expect.stringContaining(field) as string,
      request_id: expect.any(String) as string,
    });
  });

  it.each<[string, unknown, string]>([
    ['no steps', {}, 'validation_error'],
    ['one step', { steps: [{ event_type: 'a.b' }] }, 'validation_error'],
    ['a field that is unknown', { steps: [], window: 5 }, 'validation_error'],
    [
      'an object as a value',
      { steps: [{ event_type: 'a.b', where: { c: {} } }, { event_type: 'a.c' }] },
      'validation_error',
    ],
    [
      'a path that is none',
      { steps: [{ event_type: 'a.b', where: { 'c..d': 1 } }, { event_type: 'a.c' }] },
      'invalid_query',
    ],
  ])('refuse a funnel with %s', async (_name, body, code) => {
    const target = await shop();
    const answer = await sendJson(target, { method: 'POST', path: `${path}/funnel`, body });
    expect({ status: answer.status, ...bodyOf(answer) }).toMatchObject({ status: 400, code });
  });
});

import { describe, expect, it } from 'vitest';
import { defineProjection, pipeline } from '../../src/index.js';
import { anything, given, like } from '../../src/testing/index.js';
import { errorOf } from '../support/store.js';
import { messageOf } from './support.js';

const revenue = pipeline('revenue')
  .from('order.paid')
  .filter('total', 'gte', 10)
  .window(
    { tumbling: { minutes: 1 }, lateness: { seconds: 30 }, timeField: 'paid_at' },
    { function: 'sum', field: 'total', groupBy: 'region' },
  )
  .toEvent({ eventType: 'revenue.summed', entityId: 'revenue-{group.region}' });

const paid = (region: string, total: number | string, time: string) => ({
  eventType: 'order.paid',
  entityId: 'order-1',
  payload: { region, total, paid_at: `2026-03-01T${time}Z` },
});

const perMinute = pipeline('per-minute')
  .from('order.*')
  .window({ tumbling: { minutes: 1 } }, { function: 'count' })
  .toTopic('counts');

const at = (time: string) => ({
  eventType: 'order.placed',
  entityId: 'order-1',
  payload: {},
  at: `2026-03-01T${time}Z`,
});

describe('through', () => {
  it('gives what the pipeline derives in a store', async () => {
    const scenario = given(
      paid('eu', 25, '12:00:10'),
      paid('us', 50, '12:00:50'),
      paid('eu', 5, '12:00:55'),
      paid('eu', 75, '12:01:20'),
      paid('eu', 50, '12:00:59'),
      paid('us', 10, '12:01:30'),
      paid('eu', 100, '12:00:58'),
    ).through(revenue);
    await scenario.thenEmits(
      {
        eventType: 'revenue.summed',
        entityId: 'revenue-eu',
        payload: like({ value: 75, count: 2 }),
      },
      { entityId: 'revenue-us', payload: like({ value: 50 }), at: '2026-03-01T12:00:59.999999Z' },
    );
    await scenario.thenCounts({ processed: 7, filtered: 1, late: 1, failed: 0, openPanes: 2 });
  });

  it('closes panes by the time of the store without waiting', async () => {
    const events = [at('12:00:10'), at('12:00:20'), at('12:01:05')];
    const open = given(...events).through(perMinute);
    await open.thenEmits({ topic: 'counts', value: like({ value: 2 }) });
    await open.thenCounts({ openPanes: 1 });
    const closed = given(...events).through(perMinute, { until: '2026-03-01T12:02:00Z' });
    await closed.thenEmits(
      { topic: 'counts', value: like({ value: 2 }) },
      { topic: 'counts', value: like({ value: 1 }) },
    );
    await closed.thenCounts({ openPanes: 0, emitted: 2 });
    await given(...events)
      .through(perMinute, { until: '2026-03-01T12:01:59.999Z' })
      .thenCounts({ openPanes: 1 });
  });

  it('follows all branches in the order of the log, events among topics', async () => {
    const branched = pipeline('branched')
      .from('order.paid')
      .branch('region', { eu: 'europe', us: { type: 'event', eventType: 'paid.us' } }, 'others');
    await given(
      paid('us', 1, '12:00:00'),
      paid('eu', 2, '12:00:00'),
      paid('apac', 3, '12:00:00'),
      paid('us', 4, '12:00:00'),
      paid('eu', 5, '12:00:00'),
    )
      .through(branched.build())
      .thenEmits(
        { eventType: 'paid.us', payload: like({ total: 1 }) },
        { topic: 'europe', value: like({ total: 2 }) },
        { topic: 'others', value: like({ total: 3 }) },
        { eventType: 'paid.us', payload: like({ total: 4 }) },
        { topic: 'europe', value: like({ total: 5 }) },
      );
  });

  it('enriches from entities and projections', async () => {
    const names = defineProjection<{ name: string }>({
      name: 'names',
      version: 1,
      init: () => ({ name: '' }),
      on: { 'customer.named': (_, { payload }) => ({ name: String(payload) }) },
    });
    const enriched = pipeline('enriched')
      .from('order.placed')
      .enrich({ source: { type: 'entity_state', keyField: 'customer' }, into: 'before' })
      .enrich({ source: { type: 'projection', name: 'names', keyField: 'customer' }, into: 'now' })
      .toTopic('enriched');
    await given(
      { eventType: 'customer.moved', entityId: 'c-1', payload: { city: 'Paris' } },
      { eventType: 'order.placed', entityId: 'o-1', payload: { customer: 'c-1' } },
      { eventType: 'customer.named', entityId: 'c-1', payload: 'Ada' },
    )
      .through(enriched, { projections: [names] })
      .thenEmits({ value: { customer: 'c-1', before: { city: 'Paris' }, now: { name: 'Ada' } } });
  });

  it('runs one that is not enabled, and one of another tenant', async () => {
    const theirs = pipeline('theirs', { tenantId: 'acme', enabled: false }).from('order.*');
    await given({ ...at('12:00:00'), tenantId: 'acme' }, at('12:00:01'))
      .through(theirs.toTopic('all'))
      .thenEmits({ topic: 'all', value: {} });
  });
});

describe('a check of a pipeline', () => {
  const scenario = given(paid('eu', 25, '12:00:10'), paid('eu', 10, '12:02:00')).through(revenue);
  const title = 'given 2 events, pipeline revenue: ';

  it('tells what of a result is different', async () => {
    const check = scenario.thenEmits({ entityId: 'revenue-us', payload: like({ value: 24 }) });
    expect(await messageOf(check)).toBe(
      `${title}result 1 of 1 is not as expected\n` +
        '  result 1.entityId: expected "revenue-us", got "revenue-eu"\n' +
        '  result 1.payload.value: expected 24, got 25',
    );
  });

  it('tells of too many and too few', async () => {
    expect(await messageOf(scenario.thenEmitsNothing())).toMatch(
      /: expected 0 results, got 1\n {2}result 1: expected nothing, got \{"eventType":"revenue/,
    );
    expect(await messageOf(scenario.thenEmits(anything(), { topic: 'x' }))).toMatch(
      /: expected 2 results, got 1\n {2}result 2: expected \{"topic":"x"\}, got nothing$/,
    );
    await given(paid('eu', 25, '12:00:10'))
      .through(revenue)
      .thenEmitsNothing();
  });

  it('tells what counts differently, which events were late or failed, and why', async () => {
    const events = [
      paid('eu', 25, '12:00:10'),
      paid('eu', 10, '12:02:00'),
      paid('eu', 25, '12:00:20'),
      { ...paid('eu', 25, '12:02:10'), payload: { region: 'eu', total: 25 } },
    ];
    const check = given(...events).through(revenue);
    await check.thenCounts({ late: 1, failed: 1 });
    expect(await messageOf(check.thenCounts({ late: 2, emitted: 1 }))).toBe(
      'given 4 events, pipeline revenue: the counts are not as expected\n' +
        '  late: expected 2, got 1\n' +
        '  given event 3 was late: operators[1] (window)\n' +
        '  given event 4 failed: operators[1] (window): paid_at: expected a time between 1697 and 2243, ' +
        'as RFC 3339 or whole microseconds, got nothing',
    );
  });

  it('refuses a time that went by', async () => {
    const until = '2026-03-01T11:00:00Z';
    const error = await errorOf(() =>
      given(at('12:00:00')).through(perMinute, { until }).thenEmitsNothing(),
    );
    expect(error.message).toMatch(/^until: 2026-03-01T11:00:00.000000Z is before /);
  });
});

import { describe, expect, expectTypeOf, it } from 'vitest';
import { checkDefinition, createMachine, pipeline } from '../../src/pipelines/index.js';
import type {
  BranchedPipeline,
  PipelineBuilder,
  PipelineDefinition,
} from '../../src/pipelines/index.js';
import { event, now } from './support.js';

describe('the builder', () => {
  it('throws in the call that is wrong', () => {
    expect(() => pipeline('no spaces')).toThrow(/^name: expected 1-64/);
    const begun = pipeline('p');
    expect(() => begun.from('Order')).toThrow(/source_event_types\[0\]/);
    expect(() => begun.map('a', 'divide:0')).toThrow(/operators\[0\]\.transform/);
    expect(() => begun.filter('a..b', 'exists')).toThrow(/operators\[0\]\.field/);
    expect(() => begun.filter('a', 'exists').reduce({ function: 'sum', field: '' })).toThrow(
      /operators\[1\]\.field/,
    );
    const count = { function: 'count' } as const;
    expect(() => begun.window({ tumbling: { seconds: 0 } }, count)).toThrow(/size_seconds.*not 0/);
    expect(() => begun.window({ sliding: { hours: 1 }, every: { hours: 2 } }, count)).toThrow(
      /slide_seconds: expected at most size_seconds, 3600/,
    );
    expect(() => begun.toWebhook('mailto:a@b')).toThrow(/output\.url/);
    expect(() => begun.branch('a', { x: 'no topic' })).toThrow(/branches\.x\.name/);
  });

  it('makes what the same definition on the wire makes', () => {
    const aggregation = { function: 'sum', field: 'total', groupBy: 'region' } as const;
    const built = pipeline('revenue', {
      description: 'all of it',
      tenantId: 'acme',
      enabled: false,
    })
      .from('order.*')
      .filter('total', 'gte', 10)
      .filter('total', 'exists')
      .map('total', 'multiply:1.19')
      .map('note', { remove: true })
      .enrich({
        source: { type: 'lookup_table', keyField: 'region', table: { eu: { tier: 1 } } },
        fields: ['tier'],
        onMiss: 'null',
      })
      .enrich({
        source: { type: 'http', url: 'http://h/{a}', timeoutMs: 5, onFailure: 'miss' },
        into: 'b',
      })
      .reduce({ ...aggregation, onFull: 'fail' })
      .window({ tumbling: { minutes: 5 }, lateness: { seconds: 30 }, timeField: 'at' }, aggregation)
      .window({ calendar: 'month', timeZone: 'Europe/Berlin' }, { function: 'count' })
      .window({ sliding: { hours: 1 }, every: { minutes: 1 } }, { function: 'count' })
      .window({ session: { days: 1 } }, { function: 'count', maxGroups: 9 })
      .toEvent({ eventType: 'revenue.summed', entityId: 'revenue-{group.region}' });
    const sum = { function: 'sum', field: 'total', group_by: 'region' };
    const window = (config: object, aggregation: object): object => ({
      type: 'window',
      config,
      aggregation,
    });
    const count = { function: 'count' };
    expect(built).toEqual(
      checkDefinition({
        name: 'revenue',
        description: 'all of it',
        tenant_id: 'acme',
        enabled: false,
        source_event_types: ['order.*'],
        operators: [
          { type: 'filter', field: 'total', op: 'gte', value: 10 },
          { type: 'filter', field: 'total', op: 'exists' },
          { type: 'map', field: 'total', transform: 'multiply:1.19' },
          { type: 'map', field: 'note', remove: true },
          {
            type: 'enrich',
            source: { type: 'lookup_table', key_field: 'region', table: { eu: { tier: 1 } } },
            fields: ['tier'],
            on_miss: 'null',
          },
          {
            type: 'enrich',
            source: { type: 'http', url: 'http://h/{a}', timeout_ms: 5, on_failure: 'miss' },
            into: 'b',
          },
          { type: 'reduce', ...sum, on_full: 'fail' },
          window(
            {
              window_type: 'tumbling',
              size_seconds: 300,
              allowed_lateness_seconds: 30,
              time_field: 'at',
            },
            sum,
          ),
          window(
            { window_type: 'tumbling', calendar_unit: 'month', time_zone: 'Europe/Berlin' },
            count,
          ),
          window({ window_type: 'sliding', size_seconds: 3_600, slide_seconds: 60 }, count),
          window(
            { window_type: 'session', session_timeout_seconds: 86_400 },
            { ...count, max_groups: 9 },
          ),
        ],
        output: {
          type: 'event',
          event_type: 'revenue.summed',
          entity_id: 'revenue-{group.region}',
        },
      }),
    );
  });

  it('leaves each builder as it was', () => {
    const begun: PipelineBuilder = pipeline('p').from('a');
    const counted = begun.reduce({ function: 'count' });
    const summed = begun.reduce({ function: 'sum', field: 'a' }).reduce({ function: 'count' });
    expect(begun.build().operators).toEqual([]);
    expect(counted.build().operators).toHaveLength(1);
    expect(summed.toTopic('t').operators).toHaveLength(2);
    expect(summed.build().output).toEqual({ type: 'topic', name: 'p' });
  });

  it('ends with a branch', () => {
    const branched = pipeline('p').branch(
      'region',
      { eu: 'europe', us: { type: 'event', eventType: 'us.order' } },
      { type: 'webhook', url: 'https://host/rest' },
    );
    const machine = createMachine(branched.build());
    const outputs = ['eu', 'us', 'jp'].map(
      (region) => now(machine.process(event({ region }))).emissions[0]?.output,
    );
    expect(outputs).toEqual([
      { type: 'topic', name: 'europe' },
      { type: 'event', eventType: 'us.order', entityId: 'pipeline-p' },
      { type: 'webhook', url: 'https://host/rest' },
    ]);
    expectTypeOf(branched).toEqualTypeOf<BranchedPipeline>();
    expectTypeOf(branched.build()).toEqualTypeOf<PipelineDefinition>();
  });

  it('does not compile where fields do not go together', () => {
    const begun = pipeline('p');
    const count = { function: 'count' } as const;
    const wrong = [
      // @ts-expect-error: only a sliding window is made anew every so often
      () => begun.window({ tumbling: { minutes: 5 }, every: { minutes: 1 } }, count),
      // @ts-expect-error: a sliding window says how often
      () => begun.window({ sliding: { minutes: 5 } }, count),
      // @ts-expect-error: only a calendar window has a time zone
      () => begun.window({ tumbling: { days: 1 }, timeZone: 'Europe/Berlin' }, count),
      // @ts-expect-error: a window is of one kind
      () => begun.window({ tumbling: { days: 1 }, session: { minutes: 1 } }, count),
      // @ts-expect-error: what a sum is of
      () => begun.reduce({ function: 'sum' }),
      // @ts-expect-error: no function
      () => begun.reduce({ function: 'median', field: 'a' }),
      // @ts-expect-error: a window has no room for evicted panes
      () => begun.window({ session: { minutes: 1 } }, { ...count, onFull: 'evict' }),
      // @ts-expect-error: an order of numbers or texts
      () => begun.filter('a', 'gt', [1]),
      // @ts-expect-error: a list
      () => begun.filter('a', 'in', 'abc'),
      // @ts-expect-error: no transform
      () => begun.map('a', 'multiply:two'),
      // @ts-expect-error: a branch is the last operator
      () => begun.branch('a', {}).filter('a', 'exists').build(),
    ];
    expect(wrong).toHaveLength(11);
  });
});

import { describe, expect, it } from 'vitest';
import { AllSourceError } from '../../src/domain/index.js';
import { checkDefinition, definitionToWire } from '../../src/pipelines/index.js';

function problemsOf(input: unknown): string[] {
  try {
    checkDefinition(input);
  } catch (error) {
    if (!(error instanceof AllSourceError) || error.code !== 'validation_error') throw error;
    return (error.details ?? []).map(({ field = '', reason }) => `${field}: ${reason}`);
  }
  return [];
}

const operatorProblems = (operator: unknown): string[] =>
  problemsOf({ name: 'p', operators: [operator] });

const window = (config: object): object => ({
  type: 'window',
  config,
  aggregation: { function: 'count' },
});

describe('a definition', () => {
  it('is refused with every problem at once, each with its path', () => {
    const problems = problemsOf({
      name: 'no spaces',
      colour: 'red',
      source_event_types: ['Order', 'order.*', 7],
      operators: [
        { type: 'filter', field: 'a..b', op: 'like', value: 1 },
        { type: 'fliter' },
        window({ window_type: 'tumbling', size_seconds: -1 }),
        { type: 'map', field: 'total', transform: 'divide:0', unit: 'eur' },
      ],
      output: { type: 'event', event_type: 'a..b' },
    });
    expect(problems).toEqual([
      expect.stringMatching(/^colour: not a field of a pipeline; they are name, /),
      `name: expected 1-64 letters, digits, '.', '_' and '-', not "no spaces"`,
      'source_event_types[0]: expected an event type, or a prefix as order.*, not "Order"',
      'source_event_types[2]: expected text, not 7',
      expect.stringMatching(/^operators\[0\]\.op: expected one of eq, ne, .*, not "like"$/),
      expect.stringMatching(/^operators\[0\]\.field: expected names with dots .*, not "a\.\.b"$/),
      expect.stringMatching(/^operators\[1\]\.type: expected one of filter, .*, not "fliter"$/),
      'operators[2].config.size_seconds: expected a whole number from 1 to 31536000, not -1',
      expect.stringMatching(/^operators\[3\]\.unit: not a field of map; they are type, field, /),
      'operators[3].transform: expected divide:<n> by other than 0, not "divide:0"',
      expect.stringMatching(/^output\.event_type: expected an event type: .*, not "a\.\.b"$/),
    ]);
  });

  it.each([
    [undefined, 'pipeline'],
    [[], 'pipeline'],
    [{ operators: [] }, 'name'],
    [{ name: 'p' }, 'operators'],
    [{ name: 'p', operators: {} }, 'operators'],
    [{ name: 'p', operators: [null] }, 'operators[0].type'],
    [{ name: 'p', operators: Array.from({ length: 33 }, () => ({ type: 'filter' })) }, 'operators'],
    [{ name: 'p'.repeat(65), operators: [] }, 'name'],
    [{ name: 'p', operators: [], enabled: 'yes' }, 'enabled'],
    [{ name: 'p', operators: [], tenant_id: '$system' }, 'tenant_id'],
    [{ name: 'p', operators: [], source_event_types: 'order' }, 'source_event_types'],
    [{ name: 'p', operators: [], source_event_types: ['a', 'a'] }, 'source_event_types'],
    [{ name: 'p', operators: [], source_event_types: ['*'] }, 'source_event_types[0]'],
    [{ name: 'p', operators: [], output: { type: 'mail' } }, 'output.type'],
    [{ name: 'p', operators: [], output: { type: 'webhook', url: 'ftp://a/' } }, 'output.url'],
    [{ name: 'p', operators: [], output: { type: 'webhook', url: 'http://u:p@a/' } }, 'output.url'],
    [
      {
        name: 'p',
        operators: [],
        output: { type: 'webhook', url: 'http://a/', secret: 'whsec_A' },
      },
      'output.secret',
    ],
  ])('refuses %j at %s', (input, field) => {
    expect(() => checkDefinition(input)).toThrow(AllSourceError);
    expect(problemsOf(input).map((problem) => problem.split(': ')[0] || 'pipeline')).toContain(
      field,
    );
  });

  it.each([
    [{ type: 'filter', field: 'a', op: 'gt', value: [1] }, 'value'],
    [{ type: 'filter', field: 'a', op: 'eq' }, 'value'],
    [{ type: 'filter', field: 'a', op: 'eq', value: Number.NaN }, 'value'],
    [{ type: 'filter', field: 'a', op: 'in', value: 'abc' }, 'value'],
    [{ type: 'filter', field: 'a', op: 'exists', value: 1 }, 'value'],
    [{ type: 'filter', field: '$colour', op: 'exists' }, 'field'],
    [{ type: 'map', field: 'a' }, 'transform'],
    [{ type: 'map', field: 'a', transform: 'upper' }, 'transform'],
    [{ type: 'map', field: 'a', transform: 'multiply:' }, 'transform'],
    [{ type: 'map', field: 'a', transform: 'multiply:0x10' }, 'transform'],
    [{ type: 'map', field: 'a', transform: 'add:1e999' }, 'transform'],
    [{ type: 'map', field: 'a', transform: 'round:16' }, 'transform'],
    [{ type: 'map', field: 'a', transform: 'trim:1' }, 'transform'],
    [{ type: 'map', field: 'a', transform: 'trim', set: 1 }, 'set'],
    [{ type: 'map', field: '$timestamp', set: 1 }, 'field'],
    [{ type: 'map', field: 'payload', remove: true }, 'field'],
    [{ type: 'map', field: 'a', remove: false }, 'remove'],
    [{ type: 'map', field: 'a', rename: '$version' }, 'rename'],
    [{ type: 'reduce', function: 'sum' }, 'field'],
    [{ type: 'reduce', function: 'median', field: 'a' }, 'function'],
    [{ type: 'reduce', function: 'count', max_groups: 0 }, 'max_groups'],
    [{ type: 'reduce', function: 'count', on_full: 'stop' }, 'on_full'],
    [{ type: 'reduce', function: 'count', group_by: ['a', 'a'] }, 'group_by'],
    [window({ window_type: 'hopping', size_seconds: 1 }), 'config.window_type'],
    [window({ window_type: 'tumbling' }), 'config.size_seconds'],
    [window({ window_type: 'tumbling', size_seconds: 1.5 }), 'config.size_seconds'],
    [
      window({ window_type: 'tumbling', size_seconds: 5, slide_seconds: 1 }),
      'config.slide_seconds',
    ],
    [window({ window_type: 'sliding', size_seconds: 5 }), 'config.slide_seconds'],
    [window({ window_type: 'sliding', size_seconds: 5, slide_seconds: 6 }), 'config.slide_seconds'],
    [
      window({ window_type: 'sliding', size_seconds: 1_001, slide_seconds: 1 }),
      'config.slide_seconds',
    ],
    [window({ window_type: 'tumbling', calendar_unit: 'year' }), 'config.calendar_unit'],
    [
      window({ window_type: 'tumbling', calendar_unit: 'day', time_zone: 'Mars/Olympus' }),
      'config.time_zone',
    ],
    [
      window({ window_type: 'tumbling', calendar_unit: 'day', size_seconds: 1 }),
      'config.size_seconds',
    ],
    [window({ window_type: 'tumbling', size_seconds: 1, time_zone: 'UTC' }), 'config.time_zone'],
    [{ type: 'window', config: { window_type: 'session' } }, 'aggregation'],
    [{ type: 'enrich', source: { type: 'cache' } }, 'source.type'],
    [{ type: 'enrich', source: { type: 'http', url: 'http://{host}/' } }, 'source.url'],
    [
      { type: 'enrich', source: { type: 'http', url: 'http://a/', on_failure: 'x' } },
      'source.on_failure',
    ],
    [{ type: 'enrich', source: { type: 'http', url: 'http://a{b}/' } }, 'source.url'],
    [{ type: 'enrich', source: { type: 'http', url: 'http://a/{b' } }, 'source.url'],
    [
      { type: 'enrich', source: { type: 'lookup_table', key_field: 'a', table: { x: 1 } } },
      'source.table.x',
    ],
    [
      { type: 'enrich', source: { type: 'entity_state', key_field: 'a' }, on_miss: 'null' },
      'on_miss',
    ],
    [{ type: 'branch', field: 'a', branches: { x: 7 } }, 'branches.x'],
    [{ type: 'branch', field: 'a', branches: { x: 'no topic' } }, 'branches.x.name'],
  ])('refuses the operator %j at %s', (operator, field) => {
    const paths = operatorProblems(operator).map((problem) => problem.split(': ')[0]);
    expect(paths).toContain(`operators[0].${field}`);
  });

  it('refuses a branch before other operators', () => {
    const branch = { type: 'branch', field: 'a', branches: {} };
    const problems = problemsOf({ name: 'p', operators: [branch, branch] });
    expect(problems).toEqual(['operators[0]: expected a branch as the last operator only']);
  });

  it('bounds a lookup table by rows and bytes', () => {
    const enrich = (table: object): object => ({
      type: 'enrich',
      source: { type: 'lookup_table', key_field: 'a', table },
    });
    const rows = Array.from({ length: 10_001 }, (_, at) => [String(at), {}]);
    expect(operatorProblems(enrich(Object.fromEntries(rows.slice(1))))).toEqual([]);
    expect(operatorProblems(enrich(Object.fromEntries(rows)))).toEqual([
      'operators[0].source.table: expected an object of at most 10000 members',
    ]);
    expect(operatorProblems(enrich({ a: { text: 'ü'.repeat(2 ** 19) } }))).toEqual([
      'operators[0].source.table: expected at most 1048576 bytes as JSON',
    ]);
    const large = enrich({ a: { text: 'x'.repeat(1_000_000) } });
    expect(problemsOf({ name: 'p', operators: [large, large] })[0]).toMatch(/1572864 bytes/);
  });

  it('has its defaults filled in', () => {
    const definition = checkDefinition({
      name: 'revenue',
      description: null,
      operators: [
        { type: 'filter', field: 'a', op: 'exists' },
        { type: 'reduce', function: 'count', group_by: 'a' },
        window({ window_type: 'session', size_seconds: 60 }),
        { type: 'enrich', source: { type: 'http', url: 'https://host/{a}' } },
        { type: 'branch', field: 'a', branches: { x: 'topic' } },
      ],
    });
    expect(definition).toEqual({
      name: 'revenue',
      tenantId: 'default',
      sourceEventTypes: [],
      enabled: true,
      output: { type: 'topic', name: 'revenue' },
      operators: [
        { type: 'filter', field: 'a', op: 'exists', value: true },
        { type: 'reduce', function: 'count', groupBy: ['a'], maxGroups: 10_000, onFull: 'evict' },
        {
          type: 'window',
          config: { windowType: 'session', sessionTimeoutSeconds: 300, allowedLatenessSeconds: 0 },
          aggregation: { function: 'count', groupBy: [], maxGroups: 10_000 },
        },
        {
          type: 'enrich',
          source: {
            type: 'http',
            url: 'https://host/{a}',
            timeoutMs: 2_000,
            cacheSeconds: 60,
            onFailure: 'fail',
          },
          fields: [],
          onMiss: 'pass',
        },
        { type: 'branch', field: 'a', branches: { x: { type: 'topic', name: 'topic' } } },
      ],
    });
  });

  it('comes back from the wire as it was', () => {
    const definition = checkDefinition(everything);
    const wire: unknown = JSON.parse(JSON.stringify(definitionToWire(definition)));
    expect(wire).toEqual(everything);
    expect(checkDefinition(wire)).toEqual(definition);
  });
});

/** Every operator with every field, and no default left out. */
const everything = {
  name: 'all.of-it_1',
  description: 'every field',
  tenant_id: 'acme',
  source_event_types: ['order.placed', 'bill.*'],
  enabled: false,
  output: { type: 'event', event_type: 'bill.summed', entity_id: 'bill-{group.region}' },
  operators: [
    { type: 'filter', field: '$entity_id', op: 'in', value: ['a', null, { b: [1] }] },
    { type: 'map', field: 'a', transform: 'round:2' },
    { type: 'map', field: 'a', rename: 'b.c' },
    { type: 'map', field: 'b', remove: true },
    { type: 'map', field: 'payload.d', set: null },
    {
      type: 'enrich',
      source: { type: 'projection', name: 'customers', key_field: 'customer' },
      fields: ['tier'],
      into: 'customer',
      on_miss: 'null',
    },
    {
      type: 'enrich',
      source: { type: 'lookup_table', key_field: 'a', table: JSON.parse('{"__proto__":{"a":1}}') },
      fields: [],
      on_miss: 'drop',
    },
    {
      type: 'enrich',
      source: { type: 'entity_state', key_field: 'b' },
      fields: [],
      on_miss: 'fail',
    },
    {
      type: 'enrich',
      source: {
        type: 'http',
        url: 'http://h/{a}?b={c.d}',
        timeout_ms: 50,
        cache_seconds: 0,
        on_failure: 'wait',
      },
      fields: ['x'],
      on_miss: 'pass',
    },
    {
      type: 'reduce',
      function: 'p95',
      field: 'a',
      group_by: ['b', '$event_type'],
      max_groups: 7,
      on_full: 'fail',
    },
    ...[
      { window_type: 'tumbling', size_seconds: 60 },
      { window_type: 'tumbling', calendar_unit: 'month', time_zone: 'Europe/Berlin' },
      { window_type: 'sliding', size_seconds: 60, slide_seconds: 7 },
      { window_type: 'session', session_timeout_seconds: 5 },
    ].map((config) => ({
      type: 'window',
      config: { ...config, allowed_lateness_seconds: 3, time_field: 'at' },
      aggregation: { function: 'distinct', field: 'a', group_by: [], max_groups: 10 },
    })),
    {
      type: 'branch',
      field: 'value',
      branches: {
        1: { type: 'topic', name: 'one' },
        true: { type: 'webhook', url: 'https://host/hook', secret: `whsec_${'A'.repeat(32)}` },
      },
      default: { type: 'event', event_type: 'other', entity_id: 'other' },
    },
  ],
};

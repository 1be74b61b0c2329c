// Random pipelines, and what is done with them.
import fc from 'fast-check';
import { formatTimestamp } from '../../../src/domain/index.js';
import type { JsonValue } from '../../../src/domain/index.js';
import type { Wire } from './values.js';

export type Action =
  | {
      readonly type: 'event';
      readonly payload: JsonValue;
      readonly entityId: string;
      readonly at: number;
    }
  | { readonly type: 'advance'; readonly at: number }
  | { readonly type: 'take' }
  | { readonly type: 'restore' };

export interface Program {
  readonly definition: Wire;
  readonly actions: readonly Action[];
}

const weighted = <T>(...pairs: [number, fc.Arbitrary<T>][]): fc.Arbitrary<T> =>
  fc.oneof(...pairs.map(([weight, arbitrary]) => ({ weight, arbitrary })));

/** Of JSON.parse, so that `__proto__` is a name of its own. */
const odd = ['{"__proto__":1}', '{"constructor":{"x":[1,null]}}', '-0', '[[]]', '{"b":2,"a":1.0}'];
const number = weighted<number>(
  [8, fc.integer({ min: -4, max: 9 })],
  [3, fc.integer({ min: -40, max: 40 }).map((n) => n / 8)],
  [2, fc.constantFrom(0.1, 0.2, 1.005, -2.675, 1e15 + 0.3)],
  [1, fc.constantFrom(1e308, -1e308, 1e100, -1e100, 5e-324, 1e21, 2 ** 53)],
  [1, fc.double({ noNaN: true, noDefaultInfinity: true })],
);
const text = fc.constantFrom(
  'a',
  'b',
  'B',
  ' a ',
  '',
  '1',
  'true',
  'ß',
  '\u0000',
  '😀',
  'x'.repeat(300),
);
const value: fc.Arbitrary<JsonValue> = weighted<JsonValue>(
  [8, number],
  [4, text],
  [2, fc.constantFrom<JsonValue>(null, true, false, [], {})],
  [1, fc.constantFrom(...odd).map((json) => JSON.parse(json) as JsonValue)],
  [1, fc.array(fc.constantFrom<JsonValue>(1, 'a', null, { a: 1 }), { maxLength: 3 })],
  [1, fc.record({ x: number }, { requiredKeys: [] })],
);
const group: fc.Arbitrary<JsonValue> = weighted<JsonValue>(
  [10, fc.constantFrom('a', 'b', 'c')],
  [2, fc.constantFrom<JsonValue>(1, true, null, { k: 'a' })],
  [1, value],
);

/** `@` is the number that the operators are about, `@g` the group: other fields behind an aggregation. */
const field = weighted(
  [40, fc.constant('@')],
  [4, fc.constantFrom('b', 'payload.a', 'n.x', '@g')],
  [1, fc.constantFrom('count', 'list.0', 'list.1.a', '$timestamp', '$entity_id', '$version')],
  [1, fc.constantFrom('__proto__', 'constructor', 'missing', 'payload', 'list.length', 'a.b')],
);
const ownField = weighted(
  [8, fc.constantFrom('@', 'c')],
  [4, fc.constantFrom('b', 'n.x', 'n.y.z')],
  [1, fc.constantFrom('list.0', '__proto__', 'a.b')],
);
const groupBy = weighted<string[]>(
  [8, fc.constant(['@g'])],
  [3, fc.constant([])],
  [2, fc.constant(['@g', '$entity_id'])],
  [1, fc.constantFrom(['group.g'], ['a'], ['payload.g', '__proto__'], ['function'])],
);

const filter: fc.Arbitrary<Wire> = weighted<Wire>(
  [
    6,
    fc.record({
      op: fc.constantFrom('gte', 'lte', 'gt', 'lt', 'ne'),
      value: weighted<JsonValue>([12, fc.integer({ min: -4, max: 9 })], [1, number], [1, text]),
    }),
  ],
  [1, fc.record({ op: fc.constantFrom('eq', 'ne', 'contains'), value })],
  [1, fc.record({ op: fc.constant('in'), value: fc.array(value, { maxLength: 6 }) })],
  [
    1,
    fc.record({
      op: fc.constant('exists'),
      value: weighted([5, fc.constant(true)], [1, fc.constant(false)]),
    }),
  ],
).chain((test) => field.map((name) => ({ type: 'filter', field: name, ...test })));

const argument = weighted(
  [8, fc.constantFrom('2', '-0.5', '1.1', '0.1', '-1')],
  [1, fc.constantFrom('1e200', '1e-200')],
);
const transform = weighted<string>(
  [1, fc.constantFrom('uppercase', 'lowercase', 'trim')],
  [
    12,
    fc
      .tuple(fc.constantFrom('multiply', 'add', 'subtract', 'divide'), argument)
      .map((parts) => parts.join(':')),
  ],
  [8, fc.constantFrom('round', 'round:0', 'round:2', 'round:15')],
);
const map: fc.Arbitrary<Wire> = weighted<Wire>(
  [8, fc.record({ field: weighted<string>([12, fc.constant('@')], [1, ownField]), transform })],
  [1, fc.record({ field: fc.constant('b'), transform: fc.constantFrom('uppercase', 'trim') })],
  [1, fc.record({ field: fc.constantFrom('b', 'n.x', 'c'), rename: ownField })],
  [1, fc.record({ field: fc.constantFrom('b', 'n.x', 'list.0'), remove: fc.constant(true) })],
  [2, fc.record({ field: ownField, set: value })],
).map((action) => ({ type: 'map', ...action }));

const exactFunction = fc.constantFrom('count', 'sum', 'avg', 'min', 'max', 'distinct');
const anyFunction = fc.constantFrom('sum', 'avg', 'min', 'max', 'distinct', 'p50', 'p95', 'p99');
const aggregation = (name: fc.Arbitrary<string>): fc.Arbitrary<Wire> =>
  fc
    .record({
      function: name,
      field,
      group_by: groupBy,
      max_groups: fc.constantFrom(2, 3, 5, 10_000, 10_000, 10_000),
    })
    .chain((wire) =>
      // Only a count may be of no field.
      fc.boolean().map((isAll): Wire => {
        const { field: _, ...rest } = wire;
        return wire.function === 'count' && isAll ? rest : wire;
      }),
    );
const reduce = (name: fc.Arbitrary<string>): fc.Arbitrary<Wire> =>
  fc
    .tuple(aggregation(name), fc.constantFrom('evict', 'evict', 'fail'))
    .map(([wire, onFull]) => ({ type: 'reduce', ...wire, on_full: onFull }));

const seconds = fc.constantFrom(10, 15, 30, 60);
const panes: fc.Arbitrary<Wire> = weighted<Wire>(
  [3, fc.record({ window_type: fc.constant('tumbling'), size_seconds: seconds })],
  [
    3,
    fc.record({
      window_type: fc.constant('sliding'),
      size_seconds: seconds,
      slide_seconds: fc.constantFrom(3, 7, 10),
    }),
  ],
  [
    4,
    fc.record({
      window_type: fc.constant('session'),
      session_timeout_seconds: fc.constantFrom(4, 10, 25),
    }),
  ],
);
const calendar: fc.Arbitrary<Wire> = fc.record({
  window_type: fc.constant('tumbling'),
  calendar_unit: fc.constantFrom('day', 'week', 'month'),
  time_zone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York'),
});
const window = (name: fc.Arbitrary<string>, kind: fc.Arbitrary<Wire>): fc.Arbitrary<Wire> =>
  fc
    .record({
      rule: kind,
      lateness: fc.constantFrom(0, 0, 3, 5, 20),
      timeField: weighted(
        [3, fc.constant(null)],
        [3, fc.constant('@at')],
        [1, fc.constant('$timestamp')],
      ),
      aggregation: aggregation(name),
    })
    .map(({ rule, lateness, timeField, aggregation: wire }) => ({
      type: 'window',
      config: {
        ...rule,
        allowed_lateness_seconds: lateness,
        ...(timeField !== null && { time_field: timeField }),
      },
      aggregation: wire,
    }));

const found = { a: { tier: 1, a: 5 }, b: { tier: 'x' }, 1: { n: { x: 3 } } };
const enrich: fc.Arbitrary<Wire> = fc
  .record({
    source: fc.oneof(
      fc.constant({ type: 'lookup_table', key_field: '@g', table: found }),
      fc.constant({ type: 'entity_state', key_field: 'b' }),
    ),
    fields: fc.constantFrom(['tier'], ['tier', 'a'], ['n', 'none']),
    on_miss: fc.constantFrom('pass', 'pass', 'pass', 'null', 'drop', 'fail'),
    into: fc.constantFrom(null, 'n', 'found', 'found.here'),
  })
  .map(({ into, ...rest }) => ({ type: 'enrich', ...rest, ...(into !== null && { into }) }));

const output: fc.Arbitrary<Wire> = fc.constantFrom<Wire>(
  { type: 'topic', name: 'out' },
  { type: 'topic', name: 'other' },
  { type: 'webhook', url: 'https://host/hook' },
  { type: 'event', event_type: 'a.b', entity_id: 'pipeline' },
  { type: 'event', event_type: 'a.b', entity_id: 'x-{$timestamp}-{count}' },
  { type: 'event', event_type: 'a.b', entity_id: 'x-{b}' },
);
const branch: fc.Arbitrary<Wire> = fc
  .tuple(fc.constantFrom('@g', '@g', '@', 'function'), output, output, fc.boolean())
  .map(([name, one, other, hasDefault]) => ({
    type: 'branch',
    field: name,
    branches: { a: one, 1: other, true: one },
    ...(hasDefault && { default: other }),
  }));

const operators = (kind: fc.Arbitrary<Wire>): fc.Arbitrary<Wire[]> =>
  fc
    .tuple(
      fc.array(
        weighted<Wire>(
          [2, filter],
          [3, map],
          [3, reduce(exactFunction)],
          [6, window(exactFunction, kind)],
          [2, enrich],
        ),
        { maxLength: 4 },
      ),
      // Estimates come last, so that no other operator decides by them.
      weighted<Wire[]>(
        [3, fc.constant([])],
        [2, reduce(anyFunction).map((wire) => [wire])],
        [2, window(anyFunction, kind).map((wire) => [wire])],
        [2, branch.map((wire) => [wire])],
      ),
    )
    .map(([list, last]) => named([...list, ...last]));

/** The operators with the names that `@`, `@g` and `@at` stand for at their places. */
function named(list: readonly Wire[]): Wire[] {
  let names: Record<string, string> = { '@': 'a', '@g': 'g', '@at': 'at' };
  return list.map((operator) => {
    const text = JSON.stringify(operator).replaceAll(
      /"(@\w*)"/g,
      (_, name: string) => `"${names[name]}"`,
    );
    if (operator['type'] === 'window' || operator['type'] === 'reduce') {
      const group = names['@g'] === 'g' ? 'group.g' : 'function';
      const at = operator['type'] === 'window' ? 'window_start' : '$timestamp';
      names = { '@': 'value', '@g': group, '@at': at };
    }
    return JSON.parse(text) as Wire;
  });
}

const bases = [0, 1_774_746_000_000_000, 1_761_350_400_000_000, -1_000_000_000_000];

/** How far time goes on, in steps, and how far an event is behind it. */
const pace = fc.record({
  steps: weighted([12, fc.integer({ min: 0, max: 8 })], [1, fc.integer({ min: 0, max: 80 })]),
  behind: weighted(
    [10, fc.constant(0)],
    [4, fc.integer({ min: 0, max: 40 })],
    [1, fc.integer({ min: -30, max: 500 })],
  ),
});
type Pace = typeof pace extends fc.Arbitrary<infer T> ? T : never;

/** An action whose time is not known yet. */
type RawAction =
  | {
      readonly type: 'event';
      readonly payload: Wire | JsonValue;
      readonly entityId: string;
      readonly pace: Pace;
      readonly told: 'micros' | 'text' | 'odd';
    }
  | { readonly type: 'advance'; readonly pace: Pace }
  | { readonly type: 'take' }
  | { readonly type: 'restore' };

/** What is told as the time of the event. */
const told = fc.constantFrom<'micros' | 'text' | 'odd'>(
  'micros',
  'micros',
  'micros',
  'text',
  'text',
  'odd',
);

const usual = fc.record({
  a: weighted([4, fc.integer({ min: -4, max: 9 })], [1, number]),
  g: fc.constantFrom('a', 'b', 'c', 'd'),
  b: text,
  n: fc.record({ x: fc.integer() }),
});
const payload = weighted<Wire | JsonValue>(
  [20, usual],
  [
    3,
    fc.record(
      { a: value, b: group, g: group, n: fc.record({ x: value }) },
      { requiredKeys: ['g'] },
    ),
  ],
  [1, fc.record({ a: number, g: group, list: fc.array(value, { maxLength: 3 }) })],
  [1, value],
);

const rawAction = weighted<RawAction>(
  [
    16,
    fc.record({
      type: fc.constant('event' as const),
      payload,
      entityId: fc.constantFrom('e1', 'e2'),
      pace,
      told,
    }),
  ],
  [1, fc.record({ type: fc.constant('advance' as const), pace })],
  [1, fc.constant({ type: 'take' as const })],
  [2, fc.constant({ type: 'restore' as const })],
);

/** Gives the actions their times: `unit` microseconds a step. */
function timed(raw: readonly RawAction[], base: number, unit: number): Action[] {
  let now = base;
  return raw.map((action) => {
    if (action.type === 'take' || action.type === 'restore') return action;
    now += action.pace.steps * unit;
    const at = now - action.pace.behind * unit;
    if (action.type === 'advance') return { type: 'advance', at };
    const { type, payload: value, entityId } = action;
    const shown = { micros: at, text: formatTimestamp(at), odd: at / 2 + 0.25 }[action.told];
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return { type, entityId, at, payload: isObject ? { ...(value as Wire), at: shown } : value };
  });
}

const halfSecond = 500_000;
const sixHours = 21_600_000_000;

/** Panes of seconds with steps of half seconds, and calendars with steps of hours. */
export const program: fc.Arbitrary<Program> = fc
  .record({ base: fc.constantFrom(...bases), isCalendar: fc.constantFrom(true, false, false) })
  .chain(({ base, isCalendar }) =>
    fc.record({
      operators: operators(isCalendar ? fc.oneof(calendar, calendar, panes) : panes),
      output,
      actions: fc
        .array(rawAction, { minLength: 10, maxLength: 70, size: 'max' })
        .map((raw) => timed(raw, base, isCalendar ? sixHours : halfSecond)),
    }),
  )
  .map(({ operators: list, output: to, actions: all }) => ({
    definition: { name: 'p', operators: list, output: to },
    actions: all,
  }));

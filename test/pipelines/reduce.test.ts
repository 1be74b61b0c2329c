import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../src/domain/index.js';
import { makeRandom } from '../crash/random.js';
import { event, machineOf, now, outcomeOf, result, valuesOf } from './support.js';

const reduce = (name: string, more: object = {}): object => ({
  type: 'reduce',
  function: name,
  field: 'a',
  ...more,
});

const last = (name: string, values: readonly JsonValue[]): JsonValue =>
  result(
    valuesOf(
      [reduce(name)],
      values.map((a) => ({ a })),
    ).at(-1) ?? {},
  )['value'] ?? null;

describe('a reduce', () => {
  it.each([
    ['sum', {}, 'expected a number, got nothing'],
    ['avg', { a: null }, 'expected a number, got null'],
    ['p95', { a: '1' }, 'expected a number, got text'],
    ['max', { a: true }, 'expected a number, got true or false'],
    ['min', { a: 'x'.repeat(4_097) }, 'expected text of at most 4096 characters'],
    ['distinct', {}, 'expected a value, got nothing'],
    ['distinct', { a: 'x'.repeat(4_095) }, 'expected a value of at most 4096 characters as JSON'],
  ])('%s of %j fails', (name, payload, reason) => {
    expect(outcomeOf([reduce(name)], payload)).toBe(`failed: operators[0] (reduce): a: ${reason}`);
  });

  it('fails on groups that are too long or too deep', () => {
    const count = reduce('count', { group_by: 'g' });
    expect(outcomeOf([count], { g: 'x'.repeat(1_023) })).toMatch(/a group of at most 1024 charac/);
    let deep: JsonValue = 1;
    for (let depth = 0; depth < 50_000; depth += 1) deep = [deep];
    expect(outcomeOf([count], { g: deep })).toMatch(/g: expected a value less deep/);
    expect(outcomeOf([reduce('distinct')], { a: deep })).toMatch(/^failed/);
  });

  it('answers the result of the group with each item', () => {
    const sums = valuesOf(
      [reduce('sum', { group_by: ['region', 'x.y'] })],
      [
        { a: 1, region: 'eu' },
        { a: 2, region: null, x: 7 },
        { a: 3, region: 'eu', x: { y: null } },
        { a: 4, x: {} },
      ],
    );
    const one = { function: 'sum', field: 'a' };
    expect(sums).toEqual([
      { group: { region: 'eu', 'x.y': null }, ...one, value: 1, count: 1 },
      { group: { region: null, 'x.y': null }, ...one, value: 2, count: 1 },
      { group: { region: 'eu', 'x.y': null }, ...one, value: 4, count: 2 },
      { group: { region: null, 'x.y': null }, ...one, value: 6, count: 2 },
    ]);
  });

  it('counts items that have the field, or all where there is none', () => {
    const counts = (operator: object): unknown[] =>
      valuesOf([operator], [{}, { a: null }, 7, { a: 0 }]).map((value) => result(value)['value']);
    expect(counts(reduce('count'))).toEqual([0, 1, 1, 2]);
    expect(counts({ type: 'reduce', function: 'count' })).toEqual([1, 2, 3, 4]);
    expect(valuesOf([{ type: 'reduce', function: 'count' }], [{}])).toEqual([
      { group: null, function: 'count', field: null, value: 1, count: 1 },
    ]);
  });

  it('keeps what a sum rounds off', () => {
    expect(last('sum', [1, 1e100, 1, -1e100])).toBe(2);
    expect(last('avg', [1, 1e100, 1, -1e100])).toBe(0.5);
    expect(
      last(
        'sum',
        Array.from({ length: 1_000 }, () => 0.1),
      ),
    ).toBe(100);
  });

  it('keeps its sum when a number would take it out of the doubles', () => {
    const values = [1e308, 1e308, -1e308, 5];
    const machine = machineOf([reduce('sum')]);
    const seen = values.map((a) => {
      const { emissions, dropped } = now(machine.process(event({ a })));
      return result(emissions[0]?.value ?? {})['value'] ?? dropped[0]?.outcome;
    });
    expect(seen).toEqual([1e308, 'failed', 0, 5]);
  });

  it('takes the least and greatest of numbers or of texts, not of both', () => {
    expect(last('min', [3, -1, 2])).toBe(-1);
    expect(last('max', ['b', 'ä', 'a'])).toBe('ä');
    const machine = machineOf([reduce('max')]);
    machine.process(event({ a: 'x' }));
    expect(now(machine.process(event({ a: 1 }))).dropped[0]?.reason).toMatch(
      /a: expected text as before, got a number$/,
    );
  });

  it('counts distinct values of JSON exactly up to 1 024', () => {
    expect(last('distinct', [1, 1.0, '1', null, { x: 1, y: 2 }, { y: 2, x: 1 }, [1], -0, 0])).toBe(
      6,
    );
    const numbers = Array.from({ length: 1_024 }, (_, at) => at);
    expect(last('distinct', [...numbers, ...numbers])).toBe(1_024);
  });

  it('counts distinct values of each group alone', () => {
    const distinct = reduce('distinct', { group_by: 'g' });
    const payloads = [1, 2, 3].flatMap((a) => [
      { g: 'a', a },
      { g: 'b', a: 0 },
    ]);
    const counts = valuesOf([distinct], payloads).map((value) => result(value)['value']);
    expect(counts).toEqual([1, 1, 2, 1, 3, 1]);
  });

  it.each([1_025, 3_000, 10_000, 30_000, 100_000])(
    'counts %d distinct values within 5 %%',
    (amount) => {
      const machine = machineOf([reduce('distinct')]);
      let value: JsonValue | undefined;
      for (let a = 0; a < amount; a += 1) {
        value = now(machine.process(event({ a: `customer-${a}` }))).emissions[0]?.value;
      }
      const found = Number(result(value ?? {})['value']);
      expect(Math.abs(found - amount)).toBeLessThan(0.05 * amount);
    },
  );

  it.each([
    ['even numbers', (random: (below: number) => number) => random(1_000) - 500],
    ['many sizes', (random: (below: number) => number) => 10 ** (random(14) - 7) * (random(9) + 1)],
    ['zeros', (random: (below: number) => number) => random(3) - 1],
    ['negative numbers', (random: (below: number) => number) => -(1.01 ** random(2_000))],
  ])('finds percentiles of %s within 1 %%', (_, make) => {
    const random = makeRandom(7);
    for (const count of [1, 2, 3, 100, 1_001]) {
      const values = Array.from({ length: count }, () => make(random));
      const sorted = [...values].sort((a, b) => a - b);
      for (const percent of [50, 95, 99]) {
        const exact = sorted[Math.floor((percent * (count - 1)) / 100)] ?? 0;
        const found = Number(last(`p${percent}`, values));
        expect(Math.abs(found - exact)).toBeLessThanOrEqual(0.01 * Math.abs(exact) * (1 + 1e-9));
      }
    }
  });

  it('stays finite and bounded over all doubles', () => {
    const values = Array.from({ length: 5_000 }, (_, at) => 2 ** (at / 2.5 - 1_000));
    expect(last('p50', [Number.MAX_VALUE])).toBeGreaterThan(1.77e308);
    expect(last('p99', [5e-324])).toBe(0);
    const machine = machineOf([reduce('p99')]);
    for (const a of values) machine.process(event({ a }));
    const [change] = machine.takeChanges().filter(({ key }) => key === '0/g/');
    expect(JSON.stringify(change?.value).length).toBeLessThan(20_000);
    const exact = values[Math.floor(0.99 * 4_999)] ?? 0;
    const found = Number(last('p99', values));
    expect(Math.abs(found / exact - 1)).toBeLessThan(0.01);
  });
});

describe('too many groups', () => {
  const groups = (onFull: string): object =>
    reduce('count', { group_by: 'g', max_groups: 2, on_full: onFull });
  const run = (onFull: string, names: string): unknown[] => {
    const machine = machineOf([groups(onFull)]);
    const seen = [...names].map((g) => {
      const { emissions, dropped } = now(machine.process(event({ g, a: 1 })));
      return result(emissions[0]?.value ?? {})['value'] ?? dropped[0]?.reason;
    });
    return [...seen, machine.statistics.evicted];
  };

  it('make the one be forgotten that was updated longest ago', () => {
    expect(run('evict', 'abacb')).toEqual([1, 1, 2, 1, 1, 2]);
  });

  it('let the item fail where that is asked for', () => {
    const full = 'operators[0] (reduce): expected at most 2 groups (max_groups)';
    expect(run('fail', 'abacb')).toEqual([1, 1, 2, full, 2, 0]);
  });
});

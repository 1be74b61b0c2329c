// What answers are counted in: keys, samples, events that wait.
import { describe, expect, it } from 'vitest';
import { Moments } from '../../src/analytics/numbers/moments.js';
import { Sample } from '../../src/analytics/numbers/sample.js';
import { KeyTable } from '../../src/analytics/tables/keyTable.js';
import { Waiting } from '../../src/analytics/tables/waiting.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const idOf = (table: KeyTable, text: string): number => {
  const bytes = bytesOf(`<${text}>`);
  return table.idOf(bytes, 1, bytes.length - 1);
};

describe('a key table', () => {
  it('numbers keys in the order in which they came, however many they are', () => {
    const table = new KeyTable({ noun: 'keys' });
    const keys = Array.from({ length: 50_000 }, (_, n) => `key-${(n * 7_919) % 50_021}`);
    const all = ['', ...keys];
    const numbers = all.map((_, n) => n);
    expect(all.map((key) => idOf(table, key))).toEqual(numbers);
    expect(all.map((key) => idOf(table, key))).toEqual(numbers);
    expect(numbers.map((n) => table.textOf(n))).toEqual(all);
    expect(table.size).toBe(50_001);
    expect(table.find(bytesOf('other'), 0, 5)).toBe(-1);
  });

  it('takes no more keys than it may', () => {
    const table = new KeyTable({ noun: 'cats', keysMax: 2 });
    idOf(table, 'a');
    idOf(table, 'b');
    expect(() => idOf(table, 'c')).toThrow('there are more than 2 cats');
    expect(idOf(table, 'b')).toBe(1);
  });
});

describe('a sample', () => {
  it('is exact while all numbers are in it', () => {
    const sample = new Sample(100);
    for (let n = 100; n > 0; n -= 1) sample.add(n);
    expect(sample.isWhole).toBe(true);
    expect([0, 25, 50, 99, 100].map((p) => sample.percentile(p))).toEqual([
      1, 25.75, 50.5, 99.01, 100,
    ]);
  });

  it('is near beyond, and the same each time', () => {
    const percentiles = (valuesMax: number): number[] => {
      const sample = new Sample(valuesMax);
      for (let n = 0; n < 100_000; n += 1) sample.add((n * 7_919) % 100_000);
      expect(sample.isWhole).toBe(false);
      return [10, 50, 90].map((p) => sample.percentile(p));
    };
    const found = percentiles(10_000);
    for (const [at, wanted] of [10_000, 50_000, 90_000].entries()) {
      expect(Math.abs((found[at] ?? 0) - wanted)).toBeLessThan(2_500);
    }
    expect(percentiles(10_000)).toEqual(found);
  });

  it('stays fair when it holds fewer', () => {
    const sample = new Sample(50_000);
    for (let n = 0; n < 50_000; n += 1) sample.add(n);
    sample.shrink(5_000);
    expect(sample.isWhole).toBe(false);
    for (let n = 50_000; n < 100_000; n += 1) sample.add(n);
    expect(Math.abs(sample.percentile(50) - 50_000)).toBeLessThan(4_000);
  });

  it('selects among equal and sorted numbers', () => {
    for (const value of [(n: number) => n, (n: number) => -n, () => 5, (n: number) => n % 2]) {
      const sample = new Sample(20_000);
      const all = Array.from({ length: 20_000 }, (_, n) => value(n));
      for (const one of all) sample.add(one);
      all.sort((a, b) => a - b);
      expect(sample.percentile(50)).toBe(((all[9_999] ?? 0) + (all[10_000] ?? 0)) / 2);
      expect(sample.percentile(100)).toBe(all.at(-1));
    }
  });
});

describe('moments', () => {
  it('lose nothing to large numbers', () => {
    const moments = new Moments();
    for (const value of [1e16, 1, 1, -1e16]) moments.add(value);
    expect(moments.sum).toBe(2);
    const near = new Moments();
    for (let n = 0; n < 1_000; n += 1) near.add(1e9 + (n % 2));
    expect(near.stddev).toBeCloseTo(0.50025, 5);
    expect(near.mean).toBeCloseTo(1e9 + 0.5, 6);
  });
});

describe('events that wait', () => {
  const event = (time: number, before = -1) => ({
    position: time + 1,
    time,
    found: 0,
    distance: Infinity,
    before,
  });

  it('end by being taken, or by time, once each', () => {
    const waiting = new Waiting();
    let [even, odd] = [-1, -1];
    const gone: number[] = [];
    for (let time = 0; time < 5_000; time += 1) {
      const number = waiting.add(event(time, time % 2 === 0 ? even : odd));
      if (time % 2 === 0) even = number;
      else odd = number;
      if (time % 100 === 99) for (const { position } of waiting.take(odd)) gone.push(position);
      if (time % 100 === 99) odd = -1;
      for (const { position } of waiting.expire(time - 3_000)) gone.push(position);
    }
    for (const { position } of waiting.expire(Infinity)) gone.push(position);
    expect(gone.sort((a, b) => a - b)).toEqual(Array.from({ length: 5_000 }, (_, n) => n + 1));
  });
});

import { expect, it } from 'vitest';
import { linearMatcher } from '../../src/schemas/index.js';

it('tells whether a text matches a pattern anywhere', () => {
  const matches = linearMatcher();
  expect(matches('^a+$', 'aaa')).toBe(true);
  expect(matches('^a+$', 'aab')).toBe(false);
  expect(matches('b', 'abc')).toBe(true);
});

it('can not tell for a pattern that has no linear time, and once its steps are spent', () => {
  const matches = linearMatcher();
  expect(matches('(?=a)', 'a')).toBe(undefined);
  expect(matches('^(a+)+$', `${'a'.repeat(1_000_000)}b`)).toBe(undefined);
  expect(matches('^a$', 'a')).toBe(undefined);
  expect(linearMatcher()('^a$', 'a')).toBe(true);
});

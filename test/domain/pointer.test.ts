import { expect, it } from 'vitest';
import { namesOfPointer, pointerOf } from '../../src/domain/index.js';

it.each([[[]], [['a']], [['a/b', 'c~d', '']], [['~1', '/', '~0', '0']]])(
  'names %j are those of their pointer',
  (names: readonly string[]) => {
    expect(namesOfPointer(pointerOf(names))).toEqual(names);
  },
);

it('is written as RFC 6901 says', () => {
  expect(pointerOf(['a/b', 'm~n'])).toBe('/a~1b/m~0n');
});

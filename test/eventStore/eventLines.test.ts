import { expect, it } from 'vitest';
import { EventLines, linesOf } from '../../src/eventStore/index.js';

const textsOf = (lines: EventLines) =>
  [...lines.slices()].map(({ bytes, ends }) => {
    expect(ends.at(-1)).toBe(bytes.length);
    return bytes.toString().split('\n').slice(0, -1);
  });

it('has the lines that were added, whatever characters they have', () => {
  const lines = new EventLines();
  const texts = ['{}', '"ä€😀"', '1'.repeat(10_000), ''];
  for (const text of texts) lines.add(text);
  expect(lines.count).toBe(4);
  expect(textsOf(lines)).toEqual([texts]);
});

it('gives no slice where there is no line', () => {
  expect(textsOf(new EventLines())).toEqual([]);
});

it('gives slices of at most 20 000 lines and 8 MiB, a longer line alone', () => {
  const many = new EventLines();
  for (let i = 0; i < 45_000; i += 1) many.add(String(i));
  const slices = textsOf(many);
  expect(slices.map((slice) => slice.length)).toEqual([20_000, 20_000, 5_000]);
  expect(slices.flat()).toEqual(Array.from({ length: 45_000 }, (_, i) => String(i)));
  const large = new EventLines();
  const mebibyte = 'x'.repeat(1024 * 1024 - 1);
  for (let i = 0; i < 9; i += 1) large.add(mebibyte);
  large.add(mebibyte.repeat(9));
  expect(textsOf(large).map((slice) => slice.length)).toEqual([8, 1, 1]);
});

it('gives a part of a slice as a slice', () => {
  const lines = new EventLines();
  for (const text of ['a', 'bb', 'ccc', 'dddd']) lines.add(text);
  const [slice] = [...lines.slices()];
  if (slice === undefined) throw new Error('expected a slice');
  const { bytes, ends } = linesOf(slice, 1, 3);
  expect(bytes.toString()).toBe('bb\nccc\n');
  expect(ends).toEqual([3, 7]);
});

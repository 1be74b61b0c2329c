import { expect, it } from 'vitest';
import { textBatches } from '../../src/eventStore/index.js';
import { collect } from '../support/store.js';

const sizesOf = async (texts: Parameters<typeof textBatches>[0]): Promise<number[]> =>
  (await collect(textBatches(texts))).map((batch) => batch.length);

it('gives texts of events in batches of bounded number and length', async () => {
  const long = 'x'.repeat(1_500_000);
  expect(await sizesOf([])).toEqual([]);
  expect(await sizesOf([long, long, long, long, 'x'])).toEqual([2, 3]);
  expect(await sizesOf(['x', 'y'.repeat(5_000_000), 'z'])).toEqual([1, 1, 1]);
  expect(await sizesOf(Array.from({ length: 2_001 }, () => 'x'))).toEqual([1_000, 1_000, 1]);
});

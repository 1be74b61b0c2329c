import { tableFromArrays } from 'apache-arrow';
import type { RecordBatch } from 'apache-arrow';
import { expect, it } from 'vitest';
import { parquetFile } from '../../src/columnar/parquet.js';

const table = tableFromArrays({ position: BigInt64Array.from([1n, 2n, 3n]) });

/** Some batches, and then what happens behind them. */
async function* batches(count: number, end: () => void): AsyncGenerator<RecordBatch> {
  for (let i = 0; i < count; i++) yield* table.batches;
  await Promise.resolve();
  end();
}

async function bytesOf(source: AsyncIterable<RecordBatch>): Promise<number> {
  let bytes = 0;
  for await (const piece of parquetFile(table.schema, source)) bytes += piece.length;
  return bytes;
}

it.each([0, 1, 2, 1000])('a file of %i batches is whole', async (count) => {
  expect(await bytesOf(batches(count, () => undefined))).toBeGreaterThan(100);
});

it.each([0, 1, 2, 1000])('a source that fails behind %i batches makes no file', async (count) => {
  const fails = (): never => {
    throw new Error('the source failed');
  };
  await expect(bytesOf(batches(count, fails))).rejects.toThrow('the source failed');
});

import { expect, it, onTestFinished, vi } from 'vitest';
import { SystemAccess } from '../../src/eventStore/index.js';
import { pipeline } from '../../src/index.js';
import { until } from '../projections/support.js';
import { collect, openStore } from '../support/store.js';

const sums = pipeline('sums')
  .from('order.*')
  .reduce({ function: 'sum', field: 'total' })
  .toEvent({ eventType: 'sum.changed', entityId: 'sum' });

/** Lets no pipeline write until it is told to; tells of each write how many lines it has. */
function holdWrites() {
  const { appendLines } = SystemAccess.prototype;
  const writes: number[] = [];
  const held: (() => void)[] = [];
  const spy = vi.spyOn(SystemAccess.prototype, 'appendLines');
  onTestFinished(() => void spy.mockRestore());
  spy.mockImplementation(async function (this: SystemAccess, bytes: Buffer) {
    writes.push(bytes.toString().trimEnd().split('\n').length);
    await new Promise<void>((resolve) => held.push(resolve));
    return appendLines.call(this, bytes);
  });
  return { writes, letOne: () => held.shift()?.() };
}

it('reads on while a write is under way, and writes then what came out meanwhile', async () => {
  const store = await openStore({ memory: true });
  const { writes, letOne } = holdWrites();
  await store.pipelines.create(sums, { id: 'p' });
  const place = (total: number) =>
    store.append({ eventType: 'order.placed', entityId: 'o-1', payload: { total } });
  await place(1);
  await until(() => writes.length === 1);
  for (const total of [2, 3, 4]) {
    await place(total);
    await until(async () => (await store.pipelines.get('p')).statistics.processed === total);
  }
  expect(writes).toHaveLength(1);
  expect((await store.pipelines.get('p')).position).toBeLessThan(store.watermark);
  letOne();
  await until(() => writes.length === 2);
  letOne();
  await until(async () => (await collect(store.read({ eventType: 'sum.changed' }))).length === 4);
  // Results, then state, statistics and cursor.
  expect(writes).toEqual([1 + 3, 3 + 3]);
});

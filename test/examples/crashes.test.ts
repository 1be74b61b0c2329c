// The shop of the example is killed again and again while orders come in, and started again: at the end all
// is as in a shop that nothing happened to. Long form: SHOP_ROUNDS=300, one round again: SHOP_SEED=n.
import { describe, expect, it } from 'vitest';
import { openShop } from '../../examples/shop/openShop.js';
import type { Shop } from '../../examples/shop/openShop.js';
import { openOrders } from '../../examples/shop/domain/views.js';
import { runShop } from '../../examples/shop/runShop.js';
import { makeRandom, seedOf } from '../crash/random.js';
import { makeDirectory } from '../support/store.js';
import { drawKillPoint, runShopProcess } from './shopProcess.js';

const rounds = Number(process.env['SHOP_ROUNDS'] ?? 2);
const killsMax = 4;

type Events = AsyncIterable<{
  entityId: string;
  eventType: string;
  payload: unknown;
  version: number;
}>;

/** Each entity's own history: what its events are, and in which order. */
async function historiesOf({ store }: Shop): Promise<Record<string, unknown[]>> {
  const histories: Record<string, unknown[]> = {};
  for await (const { entityId, eventType, payload } of store.read() as Events) {
    (histories[entityId] ??= []).push([eventType, payload]);
  }
  return histories;
}

/** The rules of the shop, looked at event by event. */
async function expectRules({ store }: Shop): Promise<void> {
  const free = new Map<string, number>();
  const taken = new Map<string, number>();
  for await (const { entityId, eventType, payload } of store.read() as Events) {
    const count = (payload as { count?: number }).count ?? 0;
    const before = free.get(entityId) ?? 0;
    if (eventType === 'stock.received' || eventType === 'stock.released')
      free.set(entityId, before + count);
    if (eventType === 'stock.reserved') free.set(entityId, before - count);
    expect(free.get(entityId) ?? 0).toBeGreaterThanOrEqual(0);
    if (eventType === 'payment.taken') taken.set(entityId, (taken.get(entityId) ?? 0) + 1);
  }
  expect([...taken.values()].filter((times) => times !== 1)).toEqual([]);
  expect(taken.size).toBeGreaterThan(0);
}

/** The projection is what a fold of all events gives. */
async function expectProjected({ store, openOrders: handle }: Shop): Promise<void> {
  const states = new Map<string, unknown>();
  for await (const event of store.read()) {
    const key = openOrders.handles(event.eventType) ? openOrders.keyOf(event as never) : null;
    if (key === null) continue;
    const before = states.get(key) ?? openOrders.init(key);
    const state = openOrders.apply(before as never, event as never);
    if (state === null) states.delete(key);
    else states.set(key, state);
  }
  const { states: projected } = await handle.list({ limit: 10_000 });
  expect(Object.fromEntries(projected.map(({ key, state }) => [key, state]))).toEqual(
    Object.fromEntries(states),
  );
}

async function shopOf<T>(dataDir: string, look: (shop: Shop) => Promise<T>): Promise<T> {
  const shop = await openShop(dataDir);
  try {
    await shop.settled();
    return await look(shop);
  } finally {
    await shop.close();
  }
}

/** One day, killed some times; gives how often. */
async function round(seed: number): Promise<{ kills: number; orders: number }> {
  const random = makeRandom(seed);
  const orders = 20 + random(30);
  const [calm, crashed] = [await makeDirectory(), await makeDirectory()];
  const expected = await runShop({ dataDir: calm, seed, orders });

  const run = { dataDir: crashed, seed, orders };
  const of = orders;
  let kills = 0;
  let last = { done: 0, report: undefined as typeof expected | undefined };
  while (last.report === undefined) {
    const kill = kills < killsMax ? drawKillPoint(random, { done: last.done, of }) : undefined;
    last = await runShopProcess(run, kill);
    if (last.report === undefined) kills += 1;
  }
  expect(last.report).toEqual(expected);
  expect(await shopOf(crashed, historiesOf)).toEqual(await shopOf(calm, historiesOf));
  await shopOf(crashed, async (shop) => {
    await expectRules(shop);
    await expectProjected(shop);
    expect((await shop.store.verify()).ok).toBe(true);
  });
  return { kills, orders };
}

describe('the shop', () => {
  it(
    `is as if nothing had been, after kills in ${rounds} days`,
    async () => {
      const first = seedOf(process.env['SHOP_SEED']);
      const sum = { kills: 0, orders: 0 };
      for (let i = 0; i < rounds; i += 1) {
        const seed = first + i;
        try {
          const { kills, orders } = await round(seed);
          sum.kills += kills;
          sum.orders += orders;
        } catch (error) {
          throw new Error(`SHOP_SEED=${seed} SHOP_ROUNDS=1`, { cause: error });
        }
      }
      console.log(`SHOP_SEED=${first}: ${rounds} days, ${sum.orders} orders, ${sum.kills} kills`);
      expect(sum.kills).toBeGreaterThan(0);
    },
    30_000 + rounds * 60_000,
  );

  it('changes nothing where a whole day comes again', async () => {
    const dataDir = await makeDirectory();
    const day = { dataDir, seed: 3, orders: 25 };
    const report = await runShop(day);
    const histories = await shopOf(dataDir, historiesOf);
    expect(await runShop(day)).toEqual(report);
    expect(await shopOf(dataDir, historiesOf)).toEqual(histories);
  });
});

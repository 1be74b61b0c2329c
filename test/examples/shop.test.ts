// The domain of the example, tested as users test theirs: with the kit.
import { describe, expect, it } from 'vitest';
import { openEventStore, type EmbeddedStore } from 'allsource-core';
import { given, like } from 'allsource-core/testing';
import type { ShopEvent } from '../../examples/shop/domain/events.js';
import { ShopError } from '../../examples/shop/domain/events.js';
import { order } from '../../examples/shop/domain/order.js';
import { payment } from '../../examples/shop/domain/payment.js';
import { stockIdOf, stockItem } from '../../examples/shop/domain/stockItem.js';
import { openOrders, revenue } from '../../examples/shop/domain/views.js';
import { buy, receiveStock, refund } from '../../examples/shop/checkout.js';
import { reserveStock } from '../../examples/shop/reserveStock.js';

const lines = [{ sku: 'tea', count: 2 }];
const cart = { customer: 'ada', region: 'eu', cents: 900, lines };
const placed = { eventType: 'order.placed', payload: cart } as const;
const confirmed = { eventType: 'order.confirmed', payload: { paymentId: 'p' } } as const;
const refunded = { eventType: 'order.refunded', payload: { cents: 900 } } as const;

describe('an order', () => {
  it('is placed once', async () => {
    const place = { type: 'place', ...cart } as const;
    await given(order).when(place).thenEvents(placed);
    await given(order, placed)
      .when(place)
      .thenThrows(/the order is open, not none/);
  });

  it('is confirmed or cancelled while it is open', async () => {
    await given(order, placed).when({ type: 'confirm', paymentId: 'p' }).thenEvents(confirmed);
    const cancel = { type: 'cancel', reason: 'sold out' } as const;
    await given(order, placed)
      .when(cancel)
      .thenState(like({ status: 'cancelled' }));
    await given(order, placed, confirmed).when(cancel).thenThrows(ShopError);
    await given(order).when({ type: 'confirm', paymentId: 'p' }).thenThrows(ShopError);
  });

  it('is refunded once, all of it', async () => {
    const scenario = given(order, placed, confirmed).when({ type: 'refund' });
    await scenario.thenEvents(refunded);
    await scenario.thenState({ status: 'refunded', customer: 'ada', cents: 900, lines });
    await given(order, placed, confirmed, refunded).when({ type: 'refund' }).thenThrows(ShopError);
  });
});

describe('a payment', () => {
  const of = { orderId: 'order-ada-1', region: 'eu', cents: 900, takenAt: 1 };
  const taken = { eventType: 'payment.taken', payload: of } as const;
  const returned = {
    eventType: 'payment.returned',
    payload: { orderId: 'order-ada-1', cents: 900 },
  } as const;

  it('is taken once', async () => {
    await given(payment)
      .when({ type: 'take', ...of })
      .thenEvents(taken);
    await given(payment, taken)
      .when({ type: 'take', ...of })
      .thenThrows(/paid already/);
  });

  it('is returned once, where there is one', async () => {
    await given(payment, taken).when({ type: 'return' }).thenEvents(returned);
    await given(payment, taken, returned)
      .when({ type: 'return' })
      .thenThrows(/returned already/);
    await given(payment)
      .when({ type: 'return' })
      .thenThrows(/no payment to return/);
  });
});

describe('an article', () => {
  const received = { eventType: 'stock.received', payload: { sku: 'tea', count: 3 } } as const;
  const reserve = { type: 'reserve', sku: 'tea', count: 2, orderId: 'o1' } as const;
  const reserved = {
    eventType: 'stock.reserved',
    payload: { sku: 'tea', count: 2, orderId: 'o1' },
  } as const;

  it('has no more than came in', async () => {
    await given(stockItem, received)
      .when(reserve)
      .thenEvents({ ...reserved, tags: ['sku:tea'] });
    await given(stockItem, received, reserved)
      .when({ ...reserve, orderId: 'o2' })
      .thenThrows(/1 of tea are left, not 2/);
  });

  it('is free again once it is released, and only once', async () => {
    const release = { type: 'release', orderId: 'o1' } as const;
    const released = { ...reserved, eventType: 'stock.released' } as const;
    const scenario = given(stockItem, received, reserved).when(release);
    await scenario.thenEvents(released);
    await scenario.thenState({ free: 3, reserved: {}, sku: 'tea' });
    await given(stockItem, received, reserved, released).when(release).thenNothing();
  });
});

describe('the views', () => {
  const of = (number: number, customer = 'ada') => ({ entityId: `order-${customer}-${number}` });

  it('list the open orders of a customer', async () => {
    const views = given<ShopEvent>(
      { ...placed, ...of(1) },
      { ...placed, ...of(2) },
      { ...placed, ...of(3, 'bea') },
      { ...confirmed, ...of(1) },
      { ...confirmed, ...of(3, 'bea') },
    ).project(openOrders);
    await views.thenStates({ ada: { orders: { 'order-ada-2': 900 } } });
    await views.thenNoState('bea');
  });

  it('sum revenue by region and minute of the terminal, up to 90 seconds late', async () => {
    const paid = (region: string, cents: number, takenAt: string) => ({
      eventType: 'payment.taken' as const,
      entityId: 'payment-1',
      payload: { orderId: 'o', region, cents, takenAt: Date.parse(takenAt) * 1000 },
    });
    const scenario = given<ShopEvent>(
      paid('eu', 100, '2026-03-01T09:00:10Z'),
      paid('eu', 200, '2026-03-01T09:02:20Z'),
      paid('us', 400, '2026-03-01T09:00:50Z'),
      paid('eu', 800, '2026-03-01T09:00:59Z'),
      paid('eu', 1, '2026-03-01T09:02:30Z'),
      paid('us', 1600, '2026-03-01T09:00:59Z'),
    ).through(revenue);
    await scenario.thenEmits(
      { entityId: 'revenue-eu', payload: like({ value: 900, count: 2 }) },
      { entityId: 'revenue-us', payload: like({ value: 400, count: 1 }) },
    );
    await scenario.thenCounts({ processed: 6, late: 1, openPanes: 1 });
  });
});

describe('the checkout', () => {
  const purchase = (number: number) => ({
    orderId: `order-ada-${number}`,
    ...cart,
    takenAt: 1_772_355_600_000_000,
  });
  const open = () => openEventStore<ShopEvent>({ memory: true });

  it('sells no piece twice, whoever comes at the same time', async () => {
    const store = await open();
    const deliveries = ['tea', 'mug'].map((sku) => ({ delivery: sku, sku, count: 9 }));
    for (const delivery of deliveries) await receiveStock(store, delivery);
    const both = [...lines, { sku: 'mug', count: 2 }];
    const orders = Array.from({ length: 20 }, (_, i) => ({ orderId: `o${i}`, lines: both }));
    const outcomes = await Promise.allSettled(orders.map((one) => reserveStock(store, one)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(ShopError);
    }
    for (const sku of ['tea', 'mug']) {
      expect((await store.stateOf(stockItem, stockIdOf(sku))).state.free).toBe(1);
    }
    await store.close();
  });

  it('reserves all that an order needs, or nothing', async () => {
    const store = await open();
    await receiveStock(store, { delivery: 'd', sku: 'tea', count: 9 });
    const wanted = { orderId: 'o', lines: [...lines, { sku: 'mug', count: 1 }] };
    await expect(reserveStock(store, wanted)).rejects.toThrow('0 of mug are left, not 1');
    expect((await store.stateOf(stockItem, stockIdOf('tea'))).state.free).toBe(9);
    await store.close();
  });

  it('does each step once, however often and however many at a time it is called', async () => {
    const store = await open();
    await receiveStock(store, { delivery: 'd', sku: 'tea', count: 3 });
    const all = [1, 2, 1, 2, 1].map((number) => buy(store, purchase(number)));
    await Promise.all(all);
    await buy(store, purchase(1));
    const page = await store.readPage({ eventType: 'payment.taken', limit: 10 });
    expect(page.events).toHaveLength(1);
    const [sold] = page.events;
    const orderId = sold?.eventType === 'payment.taken' ? sold.payload.orderId : '';
    for (let i = 0; i < 2; i += 1) await refund(store, orderId);
    const { state } = await store.stateOf(stockItem, stockIdOf('tea'));
    expect(state).toEqual({ free: 3, reserved: {}, sku: 'tea' });
    await store.close();
  });

  it('is as if nothing had been after a crash before or behind any append', async () => {
    const day = async (store: EmbeddedStore<ShopEvent>): Promise<void> => {
      await receiveStock(store, { delivery: 'd', sku: 'tea', count: 3 });
      await buy(store, purchase(1));
      await buy(store, purchase(2));
      await refund(store, purchase(1).orderId);
    };
    const calm = await open();
    await day(calm);
    const expected = await historyOf(calm);
    await calm.close();
    for (const side of ['before', 'behind'] as const) {
      for (let append = 1, isOver = false; !isOver; append += 1) {
        const store = await open();
        isOver = await day(crashingAt(store, { append, side })).then(
          () => true,
          (error: unknown) => {
            if (!(error instanceof Crash)) throw error;
            return false;
          },
        );
        await day(store);
        expect([side, append, await historyOf(store)]).toEqual([side, append, expected]);
        if (isOver) expect(append).toBeGreaterThan(8);
        await store.close();
      }
    }
  });
});

class Crash extends Error {}

/** The same store, whose n-th append throws: before it does anything, or when it is durable. */
function crashingAt(
  store: EmbeddedStore<ShopEvent>,
  { append, side }: { append: number; side: 'before' | 'behind' },
): EmbeddedStore<ShopEvent> {
  let appends = 0;
  const appendBatch: typeof store.appendBatch = async (events, options) => {
    appends += 1;
    if (appends === append && side === 'before') throw new Crash();
    const result = await store.appendBatch(events, options);
    if (appends === append) throw new Crash();
    return result;
  };
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'appendBatch') return appendBatch;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

async function historyOf(store: EmbeddedStore<ShopEvent>): Promise<unknown[]> {
  const history: unknown[] = [];
  for await (const { entityId, eventType, payload } of store.read()) {
    history.push([entityId, eventType, payload]);
  }
  return history;
}

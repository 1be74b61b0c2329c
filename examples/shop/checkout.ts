import { handle, type EmbeddedStore } from 'allsource-core';
import { ShopError, type Line, type ShopEvent } from './domain/events.js';
import { order, type Order } from './domain/order.js';
import { payment } from './domain/payment.js';
import { stockIdOf, stockItem } from './domain/stockItem.js';
import { reserveStock } from './reserveStock.js';

type Store = EmbeddedStore<ShopEvent>;

export interface Purchase {
  readonly orderId: string;
  readonly customer: string;
  readonly region: string;
  readonly cents: number;
  readonly lines: readonly Line[];
  /** When the card terminal took the money, in microseconds; null: not paid yet. */
  readonly takenAt: number | null;
}

/**
 * An order from the cart to the receipt. Every step may be the last one before a crash, and whoever got
 * no answer calls it again: what was done is not done twice, and what was not done is.
 */
export async function buy(store: Store, purchase: Purchase): Promise<void> {
  const { orderId, customer, region, cents, takenAt } = purchase;
  const lines = [...purchase.lines];
  const place = { type: 'place', customer, region, cents, lines } as const;
  await handle(store, order, orderId, place, { commandId: 'place' });
  // From here on what to do is told by what the order is.
  if ((await orderOf(store, orderId)).status !== 'open') return;
  try {
    await reserveStock(store, { orderId, lines });
  } catch (error) {
    if (!(error instanceof ShopError)) throw error;
    const cancel = { type: 'cancel', reason: error.message } as const;
    await handle(store, order, orderId, cancel, { commandId: 'cancel' });
    return;
  }
  if (takenAt === null) return;
  const take = { type: 'take', orderId, region, cents, takenAt } as const;
  const paymentId = paymentIdOf(orderId);
  await handle(store, payment, paymentId, take, { commandId: 'take' });
  await handle(store, order, orderId, { type: 'confirm', paymentId }, { commandId: 'confirm' });
}

/** The money goes back, then the pieces. An order that was not confirmed is left as it is. */
export async function refund(store: Store, orderId: string): Promise<void> {
  const { status, lines } = await orderOf(store, orderId);
  if (status !== 'confirmed' && status !== 'refunded') return;
  const options = { commandId: 'refund' };
  await handle(store, payment, paymentIdOf(orderId), { type: 'return' }, options);
  await handle(store, order, orderId, { type: 'refund' }, options);
  for (const { sku } of lines) {
    const release = { type: 'release', orderId } as const;
    await handle(store, stockItem, stockIdOf(sku), release, { commandId: `release ${orderId}` });
  }
}

/** A delivery of an article; its number tells it from others. */
export async function receiveStock(
  store: Store,
  { delivery, sku, count }: { delivery: string; sku: string; count: number },
): Promise<void> {
  const receive = { type: 'receive', sku, count } as const;
  await handle(store, stockItem, stockIdOf(sku), receive, { commandId: `delivery ${delivery}` });
}

async function orderOf(store: Store, orderId: string): Promise<Order> {
  return (await store.stateOf(order, orderId)).state;
}

const paymentIdOf = (orderId: string): string => `payment-${orderId}`;

import { formatTimestamp } from 'allsource-core';
import { order, type Order } from './domain/order.js';
import { stockItem } from './domain/stockItem.js';
import type { OpenOrders } from './domain/views.js';
import type { Shop } from './openShop.js';

/** What the shop knows at the end of the day, each part asked for in another way. */
export interface Report {
  /** Orders by id: states made of their events. */
  readonly orders: Readonly<Record<string, Order>>;
  readonly stock: Readonly<Record<string, { free: number; reserved: number }>>;
  /** By customer: a projection. */
  readonly openOrders: Readonly<Record<string, OpenOrders>>;
  /** Events that a pipeline derived. */
  readonly revenue: readonly Revenue[];
  /** Refunded orders as they were just before: time travel. */
  readonly beforeRefunds: Readonly<Record<string, Order>>;
}

export interface Revenue {
  readonly minute: string;
  readonly region: string;
  readonly cents: number;
}

export async function reportOf(shop: Shop): Promise<Report> {
  return {
    orders: await ordersOf(shop),
    stock: await stockOf(shop),
    openOrders: await openOrdersOf(shop),
    revenue: await revenueOf(shop),
    beforeRefunds: await beforeRefundsOf(shop),
  };
}

async function ordersOf({ store }: Shop): Promise<Report['orders']> {
  const orders: Record<string, Order> = {};
  for (const entityId of await entitiesOf(store, 'order-')) {
    orders[entityId] = (await store.stateOf(order, entityId)).state;
  }
  return orders;
}

async function stockOf({ store }: Shop): Promise<Report['stock']> {
  const stock: Record<string, { free: number; reserved: number }> = {};
  for (const entityId of await entitiesOf(store, 'stock-')) {
    const { sku, free, reserved } = (await store.stateOf(stockItem, entityId)).state;
    const sum = Object.values(reserved).reduce((total, count) => total + count, 0);
    stock[sku] = { free, reserved: sum };
  }
  return stock;
}

async function openOrdersOf(shop: Shop): Promise<Report['openOrders']> {
  const { states } = await shop.openOrders.list({ limit: 10_000 });
  return Object.fromEntries(states.map(({ key, state }) => [key, state]));
}

async function revenueOf({ store }: Shop): Promise<Report['revenue']> {
  const found: Revenue[] = [];
  for await (const { payload } of store.read({ eventType: 'revenue.summed' })) {
    // Only the pipeline derives these; the shop itself appends none.
    const pane = payload as unknown as {
      readonly window_start: string;
      readonly group: { readonly region: string };
      readonly value: number;
    };
    const minute = pane.window_start.slice(11, 16);
    found.push({ minute, region: pane.group.region, cents: pane.value });
  }
  return found;
}

async function beforeRefundsOf({ store }: Shop): Promise<Report['beforeRefunds']> {
  const before: Record<string, Order> = {};
  for await (const { entityId, timestamp } of store.read({ eventType: 'order.refunded' })) {
    const asOf = formatTimestamp(timestamp - 1);
    before[entityId] = (await store.stateOf(order, entityId, { asOf })).state;
  }
  return before;
}

async function entitiesOf(store: Shop['store'], prefix: string): Promise<readonly string[]> {
  const { entities } = await store.entities({ prefix, limit: 10_000 });
  return entities.map(({ entityId }) => entityId);
}

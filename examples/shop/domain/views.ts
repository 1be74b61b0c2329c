import { defineProjection, pipeline } from 'allsource-core';
import type { OrderEvent } from './events.js';

/** What a customer has open, by order, in cents. */
export interface OpenOrders {
  readonly orders: Readonly<Record<string, number>>;
}

/** Open orders by customer. Later events of an order name no customer, so the key is made of its id. */
export const openOrders = defineProjection<OpenOrders, OrderEvent>({
  name: 'open-orders',
  version: 1,
  init: () => ({ orders: {} }),
  key: ({ entityId }) => customerOf(entityId),
  on: {
    'order.placed': ({ orders }, { entityId, payload }) => ({
      orders: { ...orders, [entityId]: payload.cents },
    }),
    'order.confirmed': (state, { entityId }) => without(state, entityId),
    'order.cancelled': (state, { entityId }) => without(state, entityId),
  },
});

/** `order-ada-7` is an order of `ada`. */
export const orderIdOf = (customer: string, number: number): string =>
  `order-${customer}-${number}`;
const customerOf = (orderId: string): string => orderId.split('-')[1] ?? '';

function without({ orders }: OpenOrders, orderId: string): OpenOrders | null {
  const { [orderId]: _, ...others } = orders;
  return Object.keys(others).length === 0 ? null : { orders: others };
}

/** Revenue by region and minute of the card terminals, whose payments come up to 90 seconds late. */
export const revenue = pipeline('revenue-per-minute')
  .from('payment.taken')
  .window(
    { tumbling: { minutes: 1 }, lateness: { seconds: 90 }, timeField: 'takenAt' },
    { function: 'sum', field: 'cents', groupBy: 'region' },
  )
  .toEvent({ eventType: 'revenue.summed', entityId: 'revenue-{group.region}' });

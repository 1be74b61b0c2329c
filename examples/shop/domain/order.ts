import { defineDecider } from 'allsource-core';
import { ShopError, type Line, type OrderEvent } from './events.js';

export type OrderCommand =
  | { type: 'place'; customer: string; region: string; cents: number; lines: Line[] }
  | { type: 'confirm'; paymentId: string }
  | { type: 'cancel'; reason: string }
  | { type: 'refund' };

export interface Order {
  readonly status: 'none' | 'open' | 'confirmed' | 'cancelled' | 'refunded';
  readonly customer: string;
  readonly cents: number;
  readonly lines: readonly Line[];
}

/** An order: placed, then confirmed or cancelled; what was confirmed can be refunded once. */
export const order = defineDecider<Order, OrderCommand, OrderEvent>({
  entityType: 'order',
  version: 1,
  init: () => ({ status: 'none', customer: '', cents: 0, lines: [] }),
  on: {
    'order.placed': (_, { payload: { customer, cents, lines } }) => ({
      status: 'open',
      ...{ customer, cents, lines },
    }),
    'order.confirmed': (state) => ({ ...state, status: 'confirmed' }),
    'order.cancelled': (state) => ({ ...state, status: 'cancelled' }),
    'order.refunded': (state) => ({ ...state, status: 'refunded' }),
  },
  decide: (command, state) => {
    switch (command.type) {
      case 'place': {
        expectStatus(state, 'none');
        const { type: _, ...payload } = command;
        return [{ eventType: 'order.placed', payload }];
      }
      case 'confirm':
        expectStatus(state, 'open');
        return [{ eventType: 'order.confirmed', payload: { paymentId: command.paymentId } }];
      case 'cancel':
        expectStatus(state, 'open');
        return [{ eventType: 'order.cancelled', payload: { reason: command.reason } }];
      case 'refund':
        expectStatus(state, 'confirmed');
        return [{ eventType: 'order.refunded', payload: { cents: state.cents } }];
    }
  },
});

function expectStatus({ status }: Order, expected: Order['status']): void {
  if (status !== expected) throw new ShopError(`the order is ${status}, not ${expected}`);
}

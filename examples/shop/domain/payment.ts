import { defineDecider } from 'allsource-core';
import { ShopError, type PaymentEvent } from './events.js';

export type PaymentCommand =
  | { type: 'take'; orderId: string; region: string; cents: number; takenAt: number }
  | { type: 'return' };

export interface Payment {
  readonly orderId: string;
  /** What the shop has of it. */
  readonly cents: number;
  readonly isReturned: boolean;
}

/** The payment of an order: taken once, and returned at most once. */
export const payment = defineDecider<Payment, PaymentCommand, PaymentEvent>({
  entityType: 'payment',
  version: 1,
  init: () => ({ orderId: '', cents: 0, isReturned: false }),
  on: {
    'payment.taken': (state, { payload: { orderId, cents } }) => ({ ...state, orderId, cents }),
    'payment.returned': (state) => ({ ...state, cents: 0, isReturned: true }),
  },
  decide: (command, state) => {
    switch (command.type) {
      case 'take': {
        if (state.orderId !== '') throw new ShopError('the order is paid already');
        const { type: _, ...payload } = command;
        return [{ eventType: 'payment.taken', payload }];
      }
      case 'return': {
        if (state.orderId === '') throw new ShopError('there is no payment to return');
        if (state.isReturned) throw new ShopError('the payment was returned already');
        const { orderId, cents } = state;
        return [{ eventType: 'payment.returned', payload: { orderId, cents } }];
      }
    }
  },
});

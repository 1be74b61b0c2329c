import { defineDecider } from '../../src/index.js';

export type OrderEvent =
  | { eventType: 'order.placed'; payload: { customer: string; total: number } }
  | { eventType: 'order.paid'; payload: { cents: number } }
  | { eventType: 'order.shipped'; payload: { carrier: string } };

export type OrderCommand =
  | { type: 'place'; customer: string; total: number }
  | { type: 'pay'; cents: number }
  | { type: 'ship'; carrier: string };

export interface Order {
  readonly status: 'new' | 'placed' | 'paid' | 'shipped';
  readonly total: number;
  readonly paid: number;
}

export class OrderError extends Error {
  override readonly name = 'OrderError';
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export const order = defineDecider<Order, OrderCommand, OrderEvent>({
  entityType: 'order',
  version: 1,
  init: () => ({ status: 'new', total: 0, paid: 0 }),
  on: {
    'order.placed': (state, { payload }) => ({ ...state, status: 'placed', total: payload.total }),
    'order.paid': (state, { payload }) => {
      const paid = state.paid + payload.cents;
      return { ...state, paid, status: paid >= state.total ? 'paid' : state.status };
    },
    'order.shipped': (state) => ({ ...state, status: 'shipped' }),
  },
  decide: (command, state) => {
    switch (command.type) {
      case 'place': {
        if (state.status !== 'new') throw new OrderError('placed', 'the order is placed already');
        const { customer, total } = command;
        return [{ eventType: 'order.placed', payload: { customer, total } }];
      }
      case 'pay':
        if (state.status !== 'placed') throw new OrderError('not-due', 'nothing is due');
        return [{ eventType: 'order.paid', payload: { cents: command.cents } }];
      case 'ship':
        if (state.status === 'shipped') return [];
        return [
          { eventType: 'order.paid', payload: { cents: state.total - state.paid } },
          { eventType: 'order.shipped', payload: { carrier: command.carrier }, tags: ['shipped'] },
        ];
    }
  },
});

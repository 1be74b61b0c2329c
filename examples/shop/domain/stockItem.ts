import { defineDecider } from 'allsource-core';
import { ShopError, type StockEvent } from './events.js';

export type StockCommand =
  | { type: 'receive'; sku: string; count: number }
  | { type: 'reserve'; sku: string; count: number; orderId: string }
  | { type: 'release'; orderId: string };

export interface StockItem {
  readonly free: number;
  /** What is put aside, by order. */
  readonly reserved: Readonly<Record<string, number>>;
  readonly sku: string;
}

/** One article in stock. An order that needs several is reserved by `reserveStock`, all or nothing. */
export const stockItem = defineDecider<StockItem, StockCommand, StockEvent>({
  entityType: 'stock',
  version: 1,
  init: () => ({ free: 0, reserved: {}, sku: '' }),
  on: {
    'stock.received': (state, { payload: { sku, count } }) => ({
      ...state,
      sku,
      free: state.free + count,
    }),
    'stock.reserved': ({ free, reserved, sku }, { payload: { count, orderId } }) => ({
      free: free - count,
      reserved: { ...reserved, [orderId]: count },
      sku,
    }),
    'stock.released': ({ free, reserved, sku }, { payload: { count, orderId } }) => {
      const { [orderId]: _, ...others } = reserved;
      return { free: free + count, reserved: others, sku };
    },
  },
  decide: (command, state) => {
    switch (command.type) {
      case 'receive': {
        const { sku, count } = command;
        const payload = { sku, count };
        return [{ eventType: 'stock.received', payload, tags: [skuTag(sku)] }];
      }
      case 'reserve': {
        const { sku, count, orderId } = command;
        if (state.free < count)
          throw new ShopError(`${state.free} of ${sku} are left, not ${count}`);
        const payload = { sku, count, orderId };
        return [{ eventType: 'stock.reserved', payload, tags: [skuTag(sku)] }];
      }
      case 'release': {
        const count = state.reserved[command.orderId];
        if (count === undefined) return [];
        const payload = { sku: state.sku, count, orderId: command.orderId };
        return [{ eventType: 'stock.released', payload, tags: [skuTag(state.sku)] }];
      }
    }
  },
});

export const skuTag = (sku: string): string => `sku:${sku}`;
export const stockIdOf = (sku: string): string => `stock-${sku}`;

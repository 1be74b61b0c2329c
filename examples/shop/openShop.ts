import { openEventStore, type EmbeddedStore, type ProjectionHandle } from 'allsource-core';
import type { ShopEvent } from './domain/events.js';
import { order } from './domain/order.js';
import { payment } from './domain/payment.js';
import { stockItem } from './domain/stockItem.js';
import { openOrders, revenue, type OpenOrders } from './domain/views.js';

export const revenueId = 'revenue';

export interface Shop {
  readonly store: EmbeddedStore<ShopEvent>;
  readonly openOrders: ProjectionHandle<OpenOrders>;
  /** Resolves once the projection and the pipeline know all that happened. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the shop of a directory: the store, and the views that are kept up to date with it. */
export async function openShop(dataDir: string): Promise<Shop> {
  const reducers = [order, payment, stockItem];
  const store = await openEventStore<ShopEvent>({ dataDir, reducers });
  const handle = await store.projections.start(openOrders);
  // The same definition again is the same pipeline, which goes on where it was.
  await store.pipelines.create(revenue, { id: revenueId, from: 'beginning' });
  return {
    store,
    openOrders: handle,
    settled: async () => {
      await store.pipelines.flush(revenueId);
      await handle.waitFor(store.watermark);
    },
    close: () => store.close(),
  };
}

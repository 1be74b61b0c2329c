import type { EmbeddedStore } from 'allsource-core';
import { buy, receiveStock, refund } from './checkout.js';
import type { ShopEvent } from './domain/events.js';
import { openShop } from './openShop.js';
import { reportOf, type Report } from './report.js';
import { requestsOf, type Request } from './requests.js';

export interface ShopOptions {
  readonly dataDir: string;
  /** The same day for the same seed. */
  readonly seed: number;
  readonly orders: number;
  /** Called when a request was answered. */
  readonly onAnswer?: ((done: number, of: number) => void) | undefined;
}

/**
 * Answers all requests of a day, one after the other, and reports. After a crash run it again: requests
 * that were answered come again, as from clients who do not know, and change nothing.
 */
export async function runShop(options: ShopOptions): Promise<Report> {
  const requests = requestsOf(options.seed, options.orders);
  const shop = await openShop(options.dataDir);
  try {
    for (const [i, request] of requests.entries()) {
      await answer(shop.store, request);
      options.onAnswer?.(i + 1, requests.length);
    }
    await shop.settled();
    return await reportOf(shop);
  } finally {
    await shop.close();
  }
}

function answer(store: EmbeddedStore<ShopEvent>, request: Request): Promise<void> {
  switch (request.kind) {
    case 'delivery':
      return receiveStock(store, request);
    case 'purchase':
      return buy(store, request.purchase);
    case 'refund':
      return refund(store, request.orderId);
  }
}

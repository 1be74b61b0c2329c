import { AllSourceError, AppendConditionError, type EmbeddedStore } from 'allsource-core';
import type { Line, ShopEvent } from './domain/events.js';
import { skuTag, stockIdOf, stockItem, type StockItem } from './domain/stockItem.js';

const attemptsMax = 100;

/**
 * Puts aside all that an order needs, or nothing: several entities are decided on together. The append
 * goes through only if no event of any of these articles came since the states were read, so two orders
 * never get the last piece. An order that has its pieces already, from before a crash, gets no more.
 */
export async function reserveStock(
  store: EmbeddedStore<ShopEvent>,
  { orderId, lines }: { orderId: string; lines: readonly Line[] },
): Promise<void> {
  const failIfEventsMatch = lines.map(({ sku }) => ({ tags: [skuTag(sku)] }));
  for (let attempt = 1; ; attempt += 1) {
    // What comes behind this position while the states are read counts as overtaking.
    const after = store.watermark;
    const items = await Promise.all(lines.map(({ sku }) => stateOf(store, sku)));
    if (items.every(({ reserved }) => orderId in reserved)) return;
    const events = lines.flatMap(({ sku, count }, i) =>
      stockItem
        .decide({ type: 'reserve', sku, count, orderId }, items[i] ?? stockItem.init())
        .map((event) => ({ ...event, entityId: stockIdOf(sku) })),
    );
    try {
      await store.appendBatch(events, { failIfEventsMatch, after });
      return;
    } catch (error) {
      if (!(error instanceof AppendConditionError) || attempt === attemptsMax) throw error;
    }
  }
}

async function stateOf(store: EmbeddedStore<ShopEvent>, sku: string): Promise<StockItem> {
  try {
    return (await store.stateOf(stockItem, stockIdOf(sku))).state;
  } catch (error) {
    const isUnknown = error instanceof AllSourceError && error.code === 'entity_not_found';
    if (!isUnknown) throw error;
    return stockItem.init();
  }
}

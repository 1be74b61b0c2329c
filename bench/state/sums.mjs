import { pipeline } from '../../dist/index.js';

/**
 * Filter, map and reduce: what the orders of a currency come to.
 *
 * @param {string} name
 */
export function sums(name) {
  return pipeline(name)
    .from('order.*')
    .filter('currency', 'exists')
    .map('items.0.price_cents', 'divide:100')
    .reduce({ function: 'sum', field: 'items.0.price_cents', groupBy: 'currency' })
    .toEvent({ eventType: 'sum.changed', entityId: `${name}-{group.currency}` });
}

import type { Purchase } from './checkout.js';
import { orderIdOf } from './domain/views.js';

/** What comes to the shop from outside. */
export type Request =
  | { kind: 'delivery'; delivery: string; sku: string; count: number }
  | { kind: 'purchase'; purchase: Purchase }
  | { kind: 'refund'; orderId: string };

export const articles = { tea: 450, mug: 1200, pot: 3900, tin: 800 } as const;
const skus = Object.keys(articles) as (keyof typeof articles)[];
const regionOf = { ada: 'eu', bea: 'eu', cid: 'us', dan: 'us', eve: 'apac' } as const;
const customers = Object.keys(regionOf) as (keyof typeof regionOf)[];

const opening = Date.UTC(2026, 2, 1, 9) * 1000;
const secondMicros = 1_000_000;
const terminalDelaySecondsMax = 80;

/**
 * A day of so many orders, the same for the same seed: deliveries, orders of one to three articles, of
 * which some are not paid yet, and refunds. Card terminals report late, so payments come out of order.
 */
export function requestsOf(seed: number, orders: number): readonly Request[] {
  const random = makeRandom(seed);
  const requests: Request[] = skus.map((sku) => {
    return { kind: 'delivery', delivery: `opening-${sku}`, sku, count: 5 + random(orders) };
  });
  const paid: string[] = [];
  for (let number = 1; number <= orders; number += 1) {
    const purchase = purchaseOf(number, random);
    requests.push({ kind: 'purchase', purchase });
    if (purchase.takenAt !== null) paid.push(purchase.orderId);
    if (random(6) === 0) {
      const sku = skus[random(skus.length)] ?? 'tea';
      requests.push({ kind: 'delivery', delivery: `d${number}`, sku, count: 1 + random(4) });
    }
    const orderId = paid[random(paid.length)];
    if (random(5) === 0 && orderId !== undefined) requests.push({ kind: 'refund', orderId });
  }
  return requests;
}

function purchaseOf(number: number, random: (below: number) => number): Purchase {
  const customer = customers[random(customers.length)] ?? 'ada';
  const first = random(skus.length);
  const lines = Array.from({ length: 1 + random(3) }, (_, i) => {
    return { sku: skus[(first + i) % skus.length] ?? 'tea', count: 1 + random(3) };
  });
  const cents = lines.reduce((sum, { sku, count }) => sum + articles[sku] * count, 0);
  const seconds = number * 15 - random(terminalDelaySecondsMax);
  return {
    orderId: orderIdOf(customer, number),
    customer,
    region: regionOf[customer],
    cents,
    lines,
    takenAt: random(8) === 0 ? null : opening + seconds * secondMicros,
  };
}

/** Whole numbers from 0 up to but not including `below`; the same for the same seed. */
function makeRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

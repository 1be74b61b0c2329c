import type { Report } from './report.js';

const print = (text: string): void => console.log(text);
const euros = (cents: number): string => `${(cents / 100).toFixed(2)} €`;

export function printReport(report: Report): void {
  printOrders(report);
  printStock(report);
  printOpenOrders(report);
  printRevenue(report);
  printTimeTravel(report);
}

function printOrders({ orders }: Report): void {
  print('Orders (states, folded from the events of each order)');
  for (const status of ['confirmed', 'open', 'cancelled', 'refunded']) {
    const those = Object.values(orders).filter((order) => order.status === status);
    const cents = those.reduce((sum, order) => sum + order.cents, 0);
    print(
      `  ${String(those.length).padStart(4)} ${status.padEnd(10)} ${euros(cents).padStart(12)}`,
    );
  }
}

function printStock({ stock }: Report): void {
  print('\nStock (nobody got a piece that was not there)');
  for (const [sku, { free, reserved }] of Object.entries(stock)) {
    print(
      `  ${sku.padEnd(4)} ${String(free).padStart(4)} free ${String(reserved).padStart(4)} reserved`,
    );
  }
}

function printOpenOrders({ openOrders }: Report): void {
  print('\nOpen orders by customer (a projection, kept up to date behind the appends)');
  for (const [customer, { orders }] of Object.entries(openOrders)) {
    const shown = Object.entries(orders).map(([id, cents]) => `${id} ${euros(cents)}`);
    print(`  ${customer.padEnd(4)} ${shown.join(', ')}`);
  }
}

function printRevenue({ revenue }: Report): void {
  print('\nRevenue by minute and region (a pipeline; payments came out of order)');
  const regions = [...new Set(revenue.map(({ region }) => region))].sort();
  print(`  ${'minute'.padEnd(6)}${regions.map((region) => region.padStart(12)).join('')}`);
  for (const minute of new Set(revenue.map((one) => one.minute))) {
    const cells = regions.map((region) => {
      const pane = revenue.find((one) => one.minute === minute && one.region === region);
      return (pane === undefined ? '–' : euros(pane.cents)).padStart(12);
    });
    print(`  ${minute.padEnd(6)}${cells.join('')}`);
  }
}

function printTimeTravel({ orders, beforeRefunds }: Report): void {
  const [first] = Object.entries(beforeRefunds);
  if (first === undefined) return;
  const [orderId, before] = first;
  print('\nTime travel (the same order, now and a microsecond before its refund)');
  print(`  ${orderId} is ${orders[orderId]?.status ?? 'unknown'}, and was ${before.status}`);
}

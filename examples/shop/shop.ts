/**
 * `npm run shop`: a day in a shop with orders, payments and stock.
 *
 *     npm run shop -- [--orders <n>] [--seed <n>] [--data-dir <dir>] [--json]
 *
 * Without `--data-dir` everything happens in a temporary directory that is removed at the end. With one you
 * can kill it whenever you like and start it again.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { printReport } from './printReport.js';
import { runShop } from './runShop.js';

const { values } = parseArgs({
  options: {
    orders: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    'data-dir': { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const orders = wholeNumber('orders', values.orders, 1);
const seed = wholeNumber('seed', values.seed, 0);
const givenDir = values['data-dir'];
const dataDir = givenDir ?? (await mkdtemp(join(tmpdir(), 'allsource-shop-')));
try {
  if (!values.json) console.log(`A shop in ${dataDir}: ${orders} orders come in.\n`);
  // A line for each answer, for whoever watches: the test that kills this process does.
  const onAnswer = values.json
    ? (done: number, of: number) => console.log(JSON.stringify({ done, of }))
    : undefined;
  const report = await runShop({ dataDir, seed, orders, onAnswer });
  if (values.json) console.log(JSON.stringify({ report }));
  else printReport(report);
} finally {
  if (givenDir === undefined) await rm(dataDir, { recursive: true, force: true });
}

function wholeNumber(name: string, text: string, min: number): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= min) return number;
  throw new Error(`--${name}: expected a whole number from ${min}, got ${text}`);
}

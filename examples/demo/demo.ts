/**
 * `npm run demo`: sends 100 000 events made of real GitHub webhook deliveries to a store of its
 * own, queries them, checks every count and verifies the log.
 *
 *     npm run demo -- [--events <n>] [--data-dir <dir>]
 *
 * Without `--data-dir` everything happens in a temporary directory that is removed at the end; it
 * needs about 1.2 GB for 100 000 events.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadDeliveries } from './deliveries.js';
import { runDemo } from './runDemo.js';
import type { StepResult } from './steps.js';

const eventsDefault = 100_000;
const nameWidth = 38;

const { values } = parseArgs({
  options: { events: { type: 'string' }, 'data-dir': { type: 'string' } },
});
const total = Number(values.events ?? eventsDefault);
if (!Number.isSafeInteger(total) || total < 1) {
  throw new Error(`--events: expected a whole number from 1, got ${values.events}`);
}
const givenDir = values['data-dir'];
const dataDir = givenDir ?? (await mkdtemp(join(tmpdir(), 'allsource-demo-')));
try {
  printHead(dataDir, total);
  await runDemo({ dataDir, total, onStep: printStep });
  console.log('\nEvery number is as sent, and the log has no damage.');
} finally {
  if (givenDir === undefined) await rm(dataDir, { recursive: true, force: true });
}

function printHead(directory: string, events: number): void {
  console.log(
    `${loadDeliveries().length} real GitHub webhook deliveries, sent over and over: ` +
      `${events.toLocaleString('en-US')} events\nstore in ${directory}\n`,
  );
  const titles = ['events'.padStart(9), 'seconds'.padStart(8), 'events/s'.padStart(11), '   MB/s'];
  console.log([''.padEnd(nameWidth), ...titles].join('  '));
}

function printStep({ name, events, seconds, bytes }: StepResult): void {
  const rate = Math.round(events / seconds).toLocaleString('en-US');
  const megabytes = bytes === 0 ? '' : Math.round(bytes / seconds / 1e6).toLocaleString('en-US');
  const cells = [
    events.toLocaleString('en-US').padStart(9),
    seconds.toFixed(3).padStart(8),
    rate.padStart(11),
    megabytes.padStart(7),
  ];
  console.log([name.padEnd(nameWidth), ...cells].join('  ').trimEnd());
}

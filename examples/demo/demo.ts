/**
 * `npm run demo`: sends 100 000 events made of real GitHub webhook deliveries to a store of its
 * own, queries them, checks every count and verifies the log; then registers the schemas that GitHub
 * publishes of them, and shows what is refused under those.
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
import { runSchemas } from './schemas.js';
import type { SchemaReport } from './schemas.js';
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
  console.log('\nEvery number is as sent, and the log has no damage.\n');
  printSchemas(await runSchemas(loadDeliveries(), showProgress));
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

function showProgress(done: number, subjects: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\rschemas registered: ${done} of ${subjects}`);
  if (process.stderr.isTTY && done === subjects) process.stderr.write('\n');
}

function printSchemas(report: SchemaReport): void {
  const { subjects, accepted, refused, evolvedVersion } = report;
  console.log(
    `${subjects} of GitHub's published schemas are enforced: ${accepted} real deliveries were taken in, ` +
      `${refused.length} refused, which break the schema of their own type. The first of them:\n` +
      `  ${refused[0]?.message ?? ''}\n` +
      `A push without its repository is refused:\n  ${report.brokenMessage}\n` +
      `A compatible change of the schema of pushes is version ${evolvedVersion}; one that is not:\n` +
      `  ${report.incompatibleMessage}`,
  );
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

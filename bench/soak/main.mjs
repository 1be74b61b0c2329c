// The soak test: node bench/soak/main.mjs --help. docs/reliability.md says what it checks.
import { mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { describeMachine, fileSystemOf } from '../harness/machine.mjs';
import { parseSoakOptions, usage } from './options.mjs';
import { formatSoakReport, makeSoakReport, writeSoakReport } from './report.mjs';
import { Soak } from './soak.mjs';

const repositoryDir = join(import.meta.dirname, '..', '..');
const progressEveryMs = 60_000;
const shortRunSeconds = 60;
const inMemory = new Set(['tmpfs', 'ramfs', 'devtmpfs']);

process.exit(await main(process.argv.slice(2)));

/**
 * @param {string[]} args
 * @returns {Promise<number>} 0 all held, 1 something broke or grew without bound, 2 usage
 */
async function main(args) {
  if (args.includes('--help')) {
    process.stdout.write(usage);
    return 0;
  }
  let options;
  try {
    options = parseSoakOptions(args, repositoryDir);
    makeDataDir(options);
  } catch (error) {
    process.stderr.write(`${describe(error)}\n\n${usage}`);
    return 2;
  }
  return soak(options);
}

/** @param {import('./options.mjs').SoakOptions} options */
async function soak(options) {
  const date = new Date().toISOString();
  const machine = describeMachine(repositoryDir, options.dataDir);
  const minutes = Math.round((options.seconds / 60) * 100) / 100;
  const command = `npm run soak -- --minutes ${minutes} --seed ${options.seed} --rate ${options.rate}`;
  process.stdout.write(`${date}: ${command}\n`);
  const test = new Soak(options);
  const timer = setInterval(() => process.stdout.write(progressLine(test)), progressEveryMs);
  for (const name of ['SIGINT', 'SIGTERM']) {
    process.once(name, () => {
      test.runs.at(-1)?.server.killNow();
      process.exit(1);
    });
  }
  const failures = [];
  try {
    await test.run();
  } catch (error) {
    failures.push(`seed ${options.seed}, files kept: ${describe(error)}`);
    process.stderr.write(`the files are kept in ${test.dataDir}\n`);
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  }
  clearInterval(timer);
  failures.push(...test.context.watch.findGrowth(), ...test.findMissing());
  if (!test.context.partitions.summarize().isBalanced) failures.push('partitions are uneven');
  const report = makeSoakReport(test, { machine, date, command, failures });
  process.stdout.write(formatSoakReport(report));
  if (options.outDir !== null) {
    process.stdout.write(`written: ${writeSoakReport(report, options.outDir)}\n`);
  }
  return failures.length === 0 ? 0 : 1;
}

/** @param {import('./options.mjs').SoakOptions} options */
function makeDataDir({ dataDir, diskBytesMax, seconds }) {
  mkdirSync(dataDir, { recursive: true });
  if (seconds <= shortRunSeconds) return;
  const type = fileSystemOf(dataDir);
  if (inMemory.has(type)) throw new TypeError(`--dir: expected a disk, got ${type}`);
  const { bavail, bsize } = statfsSync(dataDir);
  const free = bavail * bsize;
  if (free > 1.5 * diskBytesMax) return;
  const [needs, has] = [1.5 * diskBytesMax, free].map((bytes) => (bytes / 2 ** 30).toFixed(1));
  throw new TypeError(`--disk-gib: expected ${needs} GiB of free space, got ${has}`);
}

/** @param {Soak} test */
function progressLine(test) {
  const { model, server } = test.runs.at(-1) ?? {};
  const sample = server?.sample();
  const memory = sample ? `${sample.rssMB.toFixed(0)} MB, ${sample.descriptors} descriptors` : '';
  const { kills, killsAtStart, stops } = test.counts;
  return (
    `${(test.secondsDone / 60).toFixed(1)} min: ${model?.eventsAcknowledged ?? 0} events, ` +
    `${kills + killsAtStart} kills, ${stops} stops, ${memory}\n`
  );
}

/** @param {unknown} error */
function describe(error) {
  return error instanceof Error ? error.message : String(error);
}

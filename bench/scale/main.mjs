// The scale bench: node bench/scale/main.mjs --help. docs/guides/benchmarks.md says what it measures.
import { existsSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { abortOnSignal } from '../harness/abort.mjs';
import { makeRunDir } from '../harness/dataDir.mjs';
import { buildLimit } from '../harness/limit.mjs';
import { describeMachine } from '../harness/machine.mjs';
import { Progress } from '../harness/progress.mjs';
import { describeRun, formatReport, writeReport } from '../harness/report.mjs';
import { sizeName } from './figures.mjs';
import { measureSize } from './measureSize.mjs';
import { parseScaleOptions, usage } from './options.mjs';
import { drawResults, formatScale, makeRows } from './results.mjs';

/** @typedef {ReturnType<typeof parseScaleOptions>} ScaleOptions */

const repositoryDir = join(import.meta.dirname, '..', '..');
/** Segments and index files of one event, and what merging and appending need beside them. */
const diskBytesPerEvent = 800;
const times = {
  full: { readSeconds: 1.5, appendBatches: 400 },
  quick: { readSeconds: 0.5, appendBatches: 200 },
};
const stepsPerSize = 2;

process.exitCode = await main(process.argv.slice(2));

/**
 * @param {string[]} args
 * @returns {Promise<number>} 0 all measured, 1 it failed or was stopped, 2 usage
 */
async function main(args) {
  if (args.includes('--help')) {
    process.stdout.write(usage);
    return 0;
  }
  try {
    const options = parseScaleOptions(args, repositoryDir);
    if (!existsSync(join(repositoryDir, 'dist', 'index.js'))) {
      throw new TypeError('expected the built package in dist/; run `npm run build` first');
    }
    return await measure(options, makeScaleDir(options));
  } catch (error) {
    const isUsage = error instanceof TypeError;
    const text = error instanceof Error ? error.message : String(error);
    process.stderr.write(`bench:scale: ${text}\n${isUsage ? `\n${usage}` : ''}`);
    return isUsage ? 2 : 1;
  }
}

/**
 * @param {ScaleOptions} options
 * @param {string} runDir
 */
async function measure(options, runDir) {
  const { sizes, rounds, quick, quietSecondsMax, profileDir } = options;
  const head = {
    date: new Date().toISOString(),
    command: commandOf(options),
    rounds,
    machine: describeMachine(repositoryDir, runDir),
  };
  const progress = new Progress(sizes.length * (rounds + stepsPerSize));
  const results = new Map();
  const signal = abortOnSignal();
  for (const events of sizes) {
    const begin = (/** @type {string} */ text) => {
      progress.begin(`${sizeName(events)} events, ${text}`);
      progress.step();
    };
    const context = {
      runDir,
      limitProgram: buildLimit(repositoryDir),
      profileDir,
      quietSecondsMax,
      rounds,
      ...(quick ? times.quick : times.full),
      signal,
      begin,
    };
    results.set(events, await measureSize(events, context));
  }
  progress.end();
  const rows = makeRows(results);
  const report = { ...head, limits: [], rows, builds: buildsOf(results) };
  const text = `${formatScale(results)}\n\n${formatReport(report)}`;
  process.stdout.write(`${describeRun(report).join('\n')}\n\n${text}`);
  if (options.outDir !== null) {
    const path = writeReport(report, options.outDir, {
      prefix: 'scale-',
      body: formatScale(results),
    });
    const title = `${report.machine.package}, ${report.date.slice(0, 10)}, ${report.machine.cpu}`;
    writeFileSync(path.replace(/\.md$/, '.svg'), drawResults(results, rows, title));
    process.stdout.write(`written: ${path}\n`);
  }
  return 0;
}

/** @param {Map<number, {build: Record<string, unknown>}>} results */
function buildsOf(results) {
  return Object.fromEntries([...results].map(([events, { build }]) => [sizeName(events), build]));
}

/** @param {ScaleOptions} options */
function makeScaleDir({ dataDir, sizes }) {
  const runDir = makeRunDir(dataDir);
  const needed = Math.max(...sizes) * diskBytesPerEvent;
  const { bavail, bsize } = statfsSync(runDir);
  if (bavail * bsize > needed) return runDir;
  const [needs, has] = [needed, bavail * bsize].map((bytes) => (bytes / 2 ** 30).toFixed(1));
  throw new Error(`--dir: expected ${needs} GiB of free space, got ${has}; name another directory`);
}

/** @param {ScaleOptions} options */
function commandOf({ sizes, quick, rounds }) {
  const flags = [`--events ${sizes.map(sizeName).join(',')}`, `--rounds ${rounds}`];
  return `npm run bench:scale -- ${quick ? '--quick ' : ''}${flags.join(' ')}`;
}

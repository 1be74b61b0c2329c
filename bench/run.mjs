// The benches: node bench/run.mjs --help. docs/guides/benchmarks.md says what the figures mean.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { benches, limitFigures } from './benches.mjs';
import { abortOnSignal } from './harness/abort.mjs';
import { makeRunDir } from './harness/dataDir.mjs';
import { buildLimit, measureLimit } from './harness/limit.mjs';
import { describeMachine } from './harness/machine.mjs';
import { fullTimes, quickTimes } from './harness/measureBench.mjs';
import { measureRounds } from './harness/measureRounds.mjs';
import { parseOptions, usage } from './harness/options.mjs';
import { Progress } from './harness/progress.mjs';
import { describeRun, formatReport, writeReport } from './harness/report.mjs';

const benchDir = import.meta.dirname;
const repositoryDir = join(benchDir, '..');

/** @typedef {import('./harness/options.mjs').Options} Options */

process.exitCode = await main(process.argv.slice(2));

/**
 * @param {string[]} args
 * @returns {Promise<number>} 0 all measured, 1 a bench failed or the run was stopped, 2 usage
 */
async function main(args) {
  if (args.includes('--help')) return print(usage);
  const options = readOptions(args);
  if (options === null) return 2;
  const chosen = benches.filter((bench) => isChosen(bench, options));
  const withLimit = options.only.length === 0 || options.only.includes('limit');
  if (options.list) return print(`${chosen.map(({ name }) => name).join('\n')}\n`);
  if (chosen.length === 0 && !withLimit) {
    return refuse('--only: expected a part of a name that --list shows');
  }
  if (chosen.length > 0 && !existsSync(join(repositoryDir, 'dist', 'index.js'))) {
    return refuse('expected the built package in dist/; run `npm run build` first');
  }
  return measure(options, chosen, withLimit);
}

/** @param {string[]} args */
function readOptions(args) {
  try {
    return parseOptions(args, repositoryDir);
  } catch (error) {
    refuse(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return null;
  }
}

/**
 * @param {import('./benches.mjs').Bench} bench
 * @param {Options} options
 */
function isChosen(bench, { only, compare }) {
  if (bench.compare === true && !compare) return false;
  const names = (/** @type {string} */ part) => benches.some(({ name }) => name === part);
  return (
    only.length === 0 ||
    only.some((part) => (names(part) ? bench.name === part : bench.name.includes(part)))
  );
}

/**
 * @param {Options} options
 * @param {import('./benches.mjs').Bench[]} chosen
 * @param {boolean} withLimit
 */
async function measure(options, chosen, withLimit) {
  const limitProgram = buildLimit(repositoryDir);
  const context = {
    benchDir,
    runDir: makeRunDir(options.dataDir),
    limitProgram,
    times: options.quick ? quickTimes : fullTimes,
    profileDir: options.profileDir,
    quietSecondsMax: options.quietSecondsMax,
    signal: abortOnSignal(),
  };
  const head = {
    date: new Date().toISOString(),
    command: commandOf(options),
    rounds: options.rounds,
    machine: describeMachine(repositoryDir, context.runDir),
  };
  const progress = new Progress(1 + chosen.length * options.rounds);
  progress.begin('physical limit');
  const limits = withLimit ? await measureLimits(context) : [];
  progress.step();
  const rows = await measureRounds(chosen, options.rounds, context, progress);
  progress.end();
  const report = { ...head, limits, rows };
  print(`${describeRun(report).join('\n')}\n\n${formatReport(report)}`);
  if (context.signal.aborted) {
    process.stderr.write('bench: stopped; no results are written\n');
    return 1;
  }
  if (options.outDir !== null) print(`written: ${writeReport(report, options.outDir)}\n`);
  return rows.some(({ gap }) => gap?.kind === 'failed') ? 1 : 0;
}

/** @param {import('./harness/measureBench.mjs').Context} context */
function measureLimits({ limitProgram, runDir, times, signal }) {
  const how = { directory: runDir, seconds: times.limitSeconds, figures: limitFigures, signal };
  return measureLimit(limitProgram, how);
}

/**
 * The command as results show it: without the directories of this machine.
 *
 * @param {Options} options
 */
function commandOf({ only, quick, rounds, compare }) {
  const flags = [
    ...only.map((name) => `--only ${name}`),
    ...(quick ? ['--quick'] : []),
    ...(compare ? ['--compare'] : []),
    `--rounds ${rounds}`,
  ];
  return `npm run bench -- ${flags.join(' ')}`;
}

/** @param {string} text */
function print(text) {
  process.stdout.write(text);
  return 0;
}

/** @param {string} text */
function refuse(text) {
  process.stderr.write(`bench: ${text}\n`);
  return 2;
}

// Builds the engine's fuzz targets with clang and runs them one after the other; then those of what
// is decoded in TypeScript (test/fuzz), which are properties of fast-check.
//
//   node test/native/runFuzz.mjs [--seconds N] [--target NAME] [--keep DIRECTORY]
//
// N seconds a target, 60 by default. Begins from the inputs in native/test/fuzz/corpus; what is
// found on the way is thrown away at the end, unless --keep names a directory for it (one folder a
// target, used again by the next run). An input that breaks something is kept in
// native/test/fuzz/build/findings, and the exit code is then 1. Needs clang with its runtime
// (Debian: clang, libclang-rt-14-dev) and the headers of OpenSSL (libssl-dev).
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = 'native/test/fuzz';
const targets = [
  'frame_fuzz',
  'index_fuzz',
  'ndjson_fuzz',
  'postings_fuzz',
  'segment_scan_fuzz',
  'store_file_fuzz',
];
const scriptTargets = ['cursor', 'proof'];
const buildTimeoutMs = 30 * 60_000;
const inputBytesMax = 8192;
// An input that takes longer is a finding, on a busy machine too; so is one that takes more memory.
const inputSecondsMax = 120;
const memoryMibMax = 2048;

main();

function main() {
  const options = optionsOf(process.argv.slice(2));
  if (options.targets.some((target) => targets.includes(target))) build();
  const corpora = options.keep ?? mkdtempSync(join(tmpdir(), 'allsource-fuzz-'));
  let failed = 0;
  for (const target of options.targets) {
    const passed = scriptTargets.includes(target)
      ? runScript(target, options.seconds)
      : run(target, options.seconds, join(corpora, target));
    if (!passed) failed += 1;
  }
  if (options.keep === undefined) rmSync(corpora, { recursive: true });
  console.log(`${options.targets.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

function optionsOf(args) {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: 'string', default: '60' },
      target: { type: 'string' },
      keep: { type: 'string' },
    },
  });
  const seconds = Number(values.seconds);
  if (!Number.isInteger(seconds) || seconds < 1) {
    fail(`--seconds: expected a whole number from 1, got ${JSON.stringify(values.seconds)}`);
  }
  const all = [...targets, ...scriptTargets];
  if (values.target !== undefined && !all.includes(values.target)) {
    fail(`--target: expected ${all.join(' | ')}, got ${JSON.stringify(values.target)}`);
  }
  return {
    seconds,
    targets: values.target === undefined ? all : [values.target],
    keep: values.keep,
  };
}

// By npm: node-gyp run directly would not see npm's setting `nodedir`.
function build() {
  const result = spawnSync('npm', ['run', '--silent', 'build:native-tests', '--', folder], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, CC: 'clang', CXX: 'clang++' },
    timeout: buildTimeoutMs,
  });
  if (result.error !== undefined) fail(`cannot run npm: ${result.error.message}`);
  if (result.status !== 0) {
    process.stderr.write(result.stdout + result.stderr);
    fail(`the build in ${folder} failed`);
  }
}

function run(target, seconds, corpus) {
  const findings = `${folder}/build/findings/`;
  mkdirSync(join(root, findings), { recursive: true });
  mkdirSync(corpus, { recursive: true });
  const result = spawnSync(
    `${folder}/build/Release/${target}`,
    [
      `-max_total_time=${seconds}`,
      `-max_len=${inputBytesMax}`,
      `-timeout=${inputSecondsMax}`,
      `-rss_limit_mb=${memoryMibMax}`,
      `-artifact_prefix=${findings}${target}-`,
      '-print_final_stats=1',
      corpus,
      `${folder}/corpus/${target}`,
    ],
    // It says a line for each input that it keeps.
    { cwd: root, encoding: 'utf8', maxBuffer: Infinity, timeout: (seconds + 120) * 1000 },
  );
  if (result.error !== undefined) fail(`cannot run ${target}: ${result.error.message}`);
  const executions = /number_of_executed_units: (\d+)/.exec(result.stderr)?.[1] ?? 'unknown';
  const passed = result.status === 0;
  if (!passed) process.stderr.write(result.stderr);
  console.log(`${target}: ${executions} inputs in ${seconds} s, ${passed ? 'no' : 'a'} finding`);
  return passed;
}

// What it says of a finding has the seed and the smallest input.
function runScript(target, seconds) {
  const result = spawnSync(
    process.execPath,
    ['--import', 'tsx', 'test/fuzz/main.ts', '--target', target, '--seconds', String(seconds)],
    { cwd: root, stdio: 'inherit', timeout: (seconds + 120) * 1000 },
  );
  if (result.error !== undefined) fail(`cannot run ${target}: ${result.error.message}`);
  if (result.status !== 0) console.log(`${target}: a finding`);
  return result.status === 0;
}

function fail(message) {
  console.error(`fuzz: ${message}`);
  process.exit(1);
}

import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { measureLimit } from './limit.mjs';
import { waitForQuiet } from './quiet.mjs';
import { runChild } from './runChild.mjs';

/** Durations of one round, in seconds. */
export const fullTimes = { warmUpSeconds: 0.7, seconds: 3, memorySeconds: 1.5, limitSeconds: 0.7 };
export const quickTimes = { warmUpSeconds: 0.3, seconds: 1, memorySeconds: 0.5, limitSeconds: 0.2 };
/** Bounds the memory of a store in memory mode, and the disk of a durable one. */
const eventsMax = 12_000_000;
const memoryEventsMax = 4_000_000;

/**
 * @typedef {object} Context
 * @property {string} benchDir
 * @property {string} runDir
 * @property {string} limitProgram
 * @property {typeof fullTimes} times
 * @property {string | null} profileDir
 * @property {number} quietSecondsMax to wait before each bench for other processes to pause
 * @property {AbortSignal} signal
 *
 * @typedef {object} Sample one round of one bench
 * @property {number} value
 * @property {number | null} peer the limit or peer in the unit of the value
 * @property {Record<string, unknown>} extra
 */

/**
 * One round: limit, bench, limit. The limit is the mean of both, so that a machine that slows down
 * or speeds up meanwhile does so for both.
 *
 * @param {import('../benches.mjs').Bench} bench
 * @param {Context} context
 * @returns {Promise<Sample | {skipped: string}>}
 */
export async function measureBench(bench, context) {
  const dataDir = mkdtempSync(join(context.runDir, 'store-'));
  const { benchDir, signal, profileDir, quietSecondsMax } = context;
  try {
    const coresBusyBefore = await waitForQuiet({ secondsMax: quietSecondsMax, signal });
    const before = await measureOwnLimit(bench, context);
    const options = optionsOf(bench, context, dataDir);
    const answer = await runChild(join(benchDir, bench.module), options, { signal, profileDir });
    if (answer.skipped !== undefined) return { skipped: answer.skipped };
    rmSync(dataDir, { recursive: true });
    const after = await measureOwnLimit(bench, context);
    const limit = before === null || after === null ? null : (before + after) / 2;
    const extra = { coresBusyBefore, ...answer.extra };
    return { value: answer.value, peer: answer.peer ?? limit, extra };
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/**
 * @param {import('../benches.mjs').Bench} bench
 * @param {Context} context
 * @param {string} dataDir
 */
function optionsOf(bench, { times, limitProgram, runDir }, dataDir) {
  const isDurable = bench.name.includes('durable');
  return {
    warmUpSeconds: times.warmUpSeconds,
    seconds: isDurable ? times.seconds : times.memorySeconds,
    eventsMax: isDurable ? eventsMax : memoryEventsMax,
    dataDir,
    limitProgram,
    limitDir: runDir,
    ...bench.options,
  };
}

/**
 * The limit of a bench in the unit of its value.
 *
 * @param {import('../benches.mjs').Bench} bench
 * @param {Context} context
 */
async function measureOwnLimit(bench, { limitProgram, runDir, times, signal }) {
  if (bench.limit === undefined) return null;
  const how = { directory: runDir, seconds: times.limitSeconds, figures: [bench.limit], signal };
  const [figure] = await measureLimit(limitProgram, how);
  if (figure === undefined) throw new Error(`the limit program has no answer for ${bench.limit}`);
  return bench.unit === 'µs' ? 1e6 / figure.groupsPerSecond : figure.recordsPerSecond;
}

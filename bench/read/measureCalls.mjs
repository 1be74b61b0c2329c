import { performance } from 'node:perf_hooks';

import { median, quantile } from '../harness/statistics.mjs';

const blocksMax = 100_000;

/**
 * Microseconds of one awaited call: calls are timed in blocks of `callsPerBlock`, and the median
 * block counts. With several calls their blocks take turns, so that all meet the same noise.
 *
 * @param {readonly ((index: number) => unknown)[]} calls each may return a promise
 * @param {{warmUpSeconds: number, seconds: number, callsPerBlock: number}} options
 * @returns {Promise<{micros: number, microsP99: number}[]>} one for each of `calls`
 */
export async function measureCalls(calls, { warmUpSeconds, seconds, callsPerBlock }) {
  const start = performance.now() + warmUpSeconds * 1000;
  const end = start + seconds * 1000;
  const blocks = calls.map(() => /** @type {number[]} */ ([]));
  for (let index = 0; performance.now() < end; index += callsPerBlock) {
    for (const [which, call] of calls.entries()) {
      const begun = performance.now();
      await callBlock(call, index, callsPerBlock);
      const micros = ((performance.now() - begun) * 1000) / callsPerBlock;
      const kept = blocks[which];
      if (begun >= start && kept !== undefined && kept.length < blocksMax) kept.push(micros);
    }
  }
  return blocks.map((micros) => ({ micros: median(micros), microsP99: quantile(micros, 0.99) }));
}

/**
 * @param {(index: number) => unknown} call
 * @param {number} first
 * @param {number} count
 */
async function callBlock(call, first, count) {
  for (let index = first; index < first + count; index++) {
    const answer = call(index);
    if (answer instanceof Promise) await answer;
  }
}

import { measureBench } from './measureBench.mjs';
import { makeRow } from './results.mjs';

/**
 * All benches once, then all again: a slow minute of the machine meets a bench in one round only. A
 * bench that fails or is skipped is left out of the rounds behind.
 *
 * @param {readonly import('../benches.mjs').Bench[]} benches
 * @param {number} rounds
 * @param {import('./measureBench.mjs').Context} context
 * @param {import('./progress.mjs').Progress} progress
 */
export async function measureRounds(benches, rounds, context, progress) {
  const results = benches.map((bench) => new BenchResult(bench));
  for (let round = 1; round <= rounds; round++) {
    for (const result of results) {
      if (result.isOver || context.signal.aborted) continue;
      progress.begin(`${result.bench.name}, round ${round} of ${rounds}`);
      await result.addRound(context);
      progress.step();
    }
  }
  return results.map((result) => result.toRow());
}

class BenchResult {
  bench;
  /** @type {import('./measureBench.mjs').Sample[]} */
  #samples = [];
  /** @type {import('./results.mjs').Gap | null} */
  #gap = null;

  /** @param {import('../benches.mjs').Bench} bench */
  constructor(bench) {
    this.bench = bench;
  }

  get isOver() {
    return this.#gap !== null;
  }

  /** @param {import('./measureBench.mjs').Context} context */
  async addRound(context) {
    try {
      const sample = await measureBench(this.bench, context);
      if ('skipped' in sample) this.#gap = { kind: 'skipped', reason: sample.skipped };
      else this.#samples.push(sample);
    } catch (error) {
      this.#gap = {
        kind: 'failed',
        reason: error instanceof Error ? error.message : String(error),
      };
    }
  }

  toRow() {
    return makeRow(this.bench, this.#samples, this.#gap);
  }
}

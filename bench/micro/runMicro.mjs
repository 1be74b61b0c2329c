import Benchmark from 'benchmark';

/**
 * Runs one case under benchmark.js. A case that returns a promise is awaited, and should do
 * `callsPerRun` calls in one run, so that the settling of the run costs little.
 *
 * @param {() => unknown} work
 * @param {{seconds: number, callsPerRun?: number}} options
 * @returns {Promise<{value: number, extra: object}>} nanoseconds of one call
 */
export async function runMicro(work, { seconds, callsPerRun = 1 }) {
  const isAsync = work() instanceof Promise;
  /** @type {import('benchmark').Options} */
  const options = {
    maxTime: seconds,
    defer: isAsync,
    fn: isAsync
      ? (/** @type {{resolve: () => void}} */ deferred) => {
          void Promise.resolve(work()).then(() => deferred.resolve());
        }
      : work,
  };
  const bench = new Benchmark(options);
  await new Promise((resolve, reject) => {
    bench.on('complete', resolve);
    bench.on('error', () => reject(bench.error ?? new Error('the bench failed without a reason')));
    bench.run({ async: true });
  });
  const { mean, rme, sample } = bench.stats;
  return {
    value: (mean * 1e9) / callsPerRun,
    extra: { relativeMarginOfErrorPercent: rme, samples: sample.length },
  };
}

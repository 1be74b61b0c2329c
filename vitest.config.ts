import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A fault in the addon then takes one process with it, and the run names the file.
    pool: 'forks',
    // Many tests wait more than they work, so two cores take two at a time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    globalSetup: ['test/support/buildOnce.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
  },
});

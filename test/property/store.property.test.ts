import { rm } from 'node:fs/promises';
import fc from 'fast-check';
import { it } from 'vitest';
import type { OpenOptions } from '../../src/index.js';
import { makeDirectory } from '../support/store.js';
import { Real, programs } from './commands.js';
import { Model } from './model.js';

/** More with PROPERTY_RUNS=1000; a failed run prints its seed, for PROPERTY_SEED. */
const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 50);
const seed = process.env['PROPERTY_SEED'];

it.each<[string, OpenOptions]>([
  ['in memory', { memory: true, segmentBytesMax: 1024 * 1024 }],
  ['durable', { dataDir: '', segmentBytesMax: 64 * 1024 }],
  ['async, with a tiny queue', { dataDir: '', durability: 'async', queueBytesMax: 512 }],
])(
  'a store %s does what the model does',
  async (_, options) => {
    const isDurable = options.memory !== true;
    const root = await makeDirectory();
    let run = 0;
    const property = fc.asyncProperty(programs(isDurable), async (program) => {
      run += 1;
      const dataDir = `${root}/${run}`;
      const real = await Real.open(isDurable ? { ...options, dataDir } : options);
      try {
        await fc.asyncModelRun(() => ({ model: new Model(), real }), program);
      } finally {
        await real.store.close();
        if (isDurable) await rm(dataDir, { recursive: true, force: true });
      }
    });
    await fc.assert(property, { numRuns, ...(seed === undefined ? {} : { seed: Number(seed) }) });
  },
  600_000,
);

import { expect, it } from 'vitest';
import { targets } from './index.js';
import { fuzz } from './target.js';

/** More with FUZZ_RUNS, or by time with `npm run fuzz`. */
const runs = Number(process.env['FUZZ_RUNS'] ?? 200);

it.each(targets)(
  'whatever comes in as a $name is refused or right',
  async (target) => {
    const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
    expect(await fuzz(target, { runs, seed })).toBeGreaterThan(runs);
  },
  600_000,
);

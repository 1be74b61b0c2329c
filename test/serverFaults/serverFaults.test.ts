import { expect, it } from 'vitest';
import { seedOf } from '../crash/random.js';
import { plainInstallation } from './installation.js';
import { runSweep } from './sweep.js';

const pointsMax = 5;
const deadlineMs = 180_000;
const seed = seedOf(process.env['SERVER_FAULTS_SEED']);
const options = { installation: plainInstallation, seed, nthsPerKind: 12 };

it(
  `a server answers as the contract says at ${pointsMax} failing calls, and loses nothing`,
  async () => {
    const result = await runSweep({ ...options, pointsMax });
    console.log(`SERVER_FAULTS_SEED=${seed}: ${JSON.stringify(result)}`);
    expect(result.points).toBe(pointsMax);
    // What the engine makes of each call is found out by a server without faults.
    for (const call of ['open', 'pwritev', 'pread', 'fdatasync', 'fsync', 'fallocate', 'rename']) {
      expect(result.calls[call], call).toBeGreaterThan(0);
    }
  },
  deadlineMs,
);

it(
  'would find a loss: writes that are not made, and said to be',
  async () => {
    const plant = { call: 'pwritev', error: 'IGNORE', nth: 20, forEver: true } as const;
    const sweep = runSweep({ ...options, only: [{ ...plant, end: 'SIGKILL' }] });
    // What is found first depends on what is read first.
    await expect(sweep).rejects.toThrow(/seed \d+, point .*"error":"IGNORE"/);
  },
  deadlineMs,
);

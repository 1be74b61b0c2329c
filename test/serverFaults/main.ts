// npm run test:server-faults -- [--sanitize] [--nths N] [--points N] [--seed N]: lets the calls of a
// server to its disk fail, one point after the other.
import { parseArgs } from 'node:util';
import { seedOf } from '../crash/random.js';
import { plainInstallation, sanitizedInstallation } from './installation.js';
import { runSweep } from './sweep.js';

const { values } = parseArgs({
  options: {
    sanitize: { type: 'boolean', default: false },
    nths: { type: 'string', default: '12' },
    points: { type: 'string' },
    seed: { type: 'string' },
  },
});
const seed = seedOf(values.seed);
const nthsPerKind = Number(values.nths);
const pointsMax = values.points === undefined ? Infinity : Number(values.points);
if (![seed, nthsPerKind].every(Number.isInteger) || Number.isNaN(pointsMax)) {
  throw new Error('--seed, --nths and --points: expected whole numbers');
}
console.log(`seed ${seed}${values.sanitize ? ', address and undefined sanitizers' : ''}`);
const installation = values.sanitize ? await sanitizedInstallation() : plainInstallation;
const begin = performance.now();
try {
  const result = await runSweep({
    installation,
    seed,
    nthsPerKind,
    pointsMax,
    onPoint: (done, of) => {
      if (done % 50 === 0) console.log(`${done} of ${of} points`);
    },
  });
  const seconds = ((performance.now() - begin) / 1000).toFixed(0);
  console.log(`seed ${seed}, ${seconds} s, 0 violations: ${JSON.stringify(result)}`);
} finally {
  await installation.remove();
}

// npm run test:crash -- [--rounds N] [--seed N]: kills a process that appends and reads, N times.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeRandom, seedOf } from './random.js';
import { CrashedStore } from './rounds.js';
import { type SeriesStore, runSeries } from './series.js';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '200' }, seed: { type: 'string' } },
});
const rounds = Number(values.rounds);
const seed = seedOf(values.seed);
if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(seed)) {
  throw new Error('--rounds and --seed: expected whole numbers');
}
console.log(`seed ${seed}`);
const random = makeRandom(seed);
const begin = performance.now();
let storesMade = 0;

/** Every other one in memory, where that can be: a kill leaves the page cache alone, and it is fast. */
async function makeStore(): Promise<SeriesStore> {
  storesMade += 1;
  const parent = storesMade % 2 === 0 && existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const dataDir = await mkdtemp(join(parent, 'allsource-crash-'));
  const remove = () => rm(dataDir, { recursive: true, force: true });
  return { store: new CrashedStore({ dataDir, random }), place: dataDir, remove };
}

const tally = await runSeries({
  crashes: rounds,
  makeStore,
  onProgress: ({ crashes, acknowledged }) =>
    console.log(`${crashes} kills, ${acknowledged} acknowledged`),
});
const seconds = ((performance.now() - begin) / 1000).toFixed(0);
console.log(`seed ${seed}: ${tally.crashes} kills in ${seconds} s, ${tally}`);

// npm run test:crash -- [--rounds N] [--seed N]: kills a process that appends, N times.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CrashedStore, makeRandom } from './rounds.js';

/** A store goes through this many kills before a new one takes its place. */
const roundsPerStore = 20;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
const rounds = Number(values.rounds);
const seed = Number(values.seed);
if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(seed)) {
  throw new Error('--rounds and --seed: expected whole numbers');
}

const random = makeRandom(seed);
const begin = performance.now();
let acknowledged = 0;
let events = 0;
let directory = '';
let store: CrashedStore | undefined;

for (let round = 1; round <= rounds; round++) {
  if (store === undefined || (round - 1) % roundsPerStore === 0) {
    if (directory !== '') await rm(directory, { recursive: true, force: true });
    directory = await mkdtemp(join(tmpdir(), 'allsource-crash-'));
    store = new CrashedStore(directory, random);
  }
  try {
    const result = await store.round();
    acknowledged += result.acknowledged;
    events += result.events;
  } catch (error) {
    console.error(`round ${round} of seed ${seed} failed; its files are kept in ${directory}`);
    throw error;
  }
  if (round % roundsPerStore === 0) console.log(`${round} kills, ${acknowledged} acknowledged`);
}
await rm(directory, { recursive: true, force: true });
const seconds = ((performance.now() - begin) / 1000).toFixed(0);
console.log(
  `seed ${seed}: ${rounds} kills in ${seconds} s, ${acknowledged} appends acknowledged, 0 lost; ` +
    `${events} events checked`,
);

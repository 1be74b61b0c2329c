// npm run test:power-cut -- [--cuts N] [--seed N] [--fs ext4,ext4-writeback,xfs] [--plant MISTAKE]:
// cuts the power of file systems under a process that appends and reads. Needs root.
import { parseArgs } from 'node:util';
import { makeRandom, seedOf } from '../crash/random.js';
import { type SeriesStore, roundsPerStoreMax, runSeries } from '../crash/series.js';
import { type Plant, makeCutStore, plants } from './cuts.js';
import { fileSystems } from './disk.js';

const { values } = parseArgs({
  options: {
    cuts: { type: 'string', default: '60' },
    seed: { type: 'string' },
    fs: { type: 'string', default: Object.keys(fileSystems).join(',') },
    plant: { type: 'string' },
  },
});
const cuts = Number(values.cuts);
const seed = seedOf(values.seed);
if (!Number.isInteger(cuts) || cuts < 1 || !Number.isInteger(seed)) {
  throw new Error('--cuts and --seed: expected whole numbers');
}
const kinds = values.fs.split(',');
const plant = plantOf(values.plant);
console.log(`seed ${seed}, ${kinds.join(', ')}${plant === undefined ? '' : `, ${plant}`}`);
const random = makeRandom(seed);
const begin = performance.now();
let storesMade = 0;

function plantOf(text: string | undefined): Plant | undefined {
  const names = Object.keys(plants) as Plant[];
  const found = names.find((name) => name === text);
  if (found === undefined && text !== undefined) {
    throw new Error(`--plant: expected ${names.join(' or ')}, got ${text}`);
  }
  return found;
}

function makeStore(): Promise<SeriesStore> {
  const kind = kinds[storesMade % kinds.length] ?? '';
  storesMade += 1;
  return makeCutStore(kind, random, plant);
}

const tally = await runSeries({
  crashes: cuts,
  // A short run, too, comes to every file system; a round has one to three cuts.
  roundsPerStore: Math.min(roundsPerStoreMax, Math.ceil(cuts / kinds.length / 2)),
  makeStore,
  onProgress: ({ crashes, acknowledged }) =>
    console.log(`${crashes} cuts, ${acknowledged} acknowledged`),
});
const seconds = ((performance.now() - begin) / 1000).toFixed(0);
console.log(`seed ${seed}: ${tally.crashes} cuts in ${seconds} s, ${tally}`);

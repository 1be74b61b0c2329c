import { expect, it, onTestFinished } from 'vitest';
import { makeRandom, seedOf } from '../crash/random.js';
import { Tally } from '../crash/rounds.js';
import { type Plant, makeCutStore, plants } from './cuts.js';

// Needs root and loop devices; without them these tests fail and say so. On ext4, whose tools every
// Debian has; the script cuts xfs too.
const rounds = 4;
const plantedRoundsMax = 20;
const deadlineMs = 120_000;

async function cutRounds(seed: number, count: number, plant?: Plant): Promise<Tally> {
  const { store, remove } = await makeCutStore('ext4', makeRandom(seed), plant);
  onTestFinished(remove);
  const tally = new Tally();
  for (let round = 1; round <= count; round++) {
    try {
      tally.add(await store.round());
    } catch (error) {
      throw new Error(`round ${round}; to repeat it: POWER_CUT_SEED=${seed}: ${String(error)}`, {
        cause: error,
      });
    }
  }
  return tally;
}

it(
  `loses nothing that was acknowledged or seen over ${rounds} power cuts`,
  async () => {
    const seed = seedOf(process.env['POWER_CUT_SEED']);
    const tally = await cutRounds(seed, rounds);
    console.log(`POWER_CUT_SEED=${seed}: ${tally.crashes} cuts, ${tally}`);
    expect(tally.crashes).toBeGreaterThanOrEqual(rounds);
  },
  deadlineMs,
);

it.each(Object.keys(plants) as Plant[])(
  'would find a loss: %s',
  async (plant) => {
    const seed = seedOf(process.env['POWER_CUT_SEED']);
    await expect(cutRounds(seed, plantedRoundsMax, plant)).rejects.toThrow(
      /lost|any more|sealed|damage/,
    );
  },
  deadlineMs,
);

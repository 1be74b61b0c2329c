import { expect, it } from 'vitest';
import { makeDirectory } from '../support/store.js';
import { CrashedStore, makeRandom } from './rounds.js';

const rounds = 15;

it(`loses nothing that was acknowledged over ${rounds} kills`, async () => {
  const seed = Number(process.env['CRASH_SEED'] ?? Date.now() % 2 ** 31);
  const random = makeRandom(seed);
  const store = new CrashedStore(await makeDirectory(), random);
  let acknowledged = 0;
  for (let round = 1; round <= rounds; round++) {
    try {
      acknowledged += (await store.round()).acknowledged;
    } catch (error) {
      throw new Error(`round ${round}; to repeat it: CRASH_SEED=${seed}`, { cause: error });
    }
  }
  expect(acknowledged).toBeGreaterThan(rounds);
}, 120_000);

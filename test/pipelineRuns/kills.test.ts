// A process whose pipelines derive events is killed again and again: what they derived is what the same
// pipelines give when nothing ever fails. Long form: KILL_ROUNDS=300.
import { expect, it } from 'vitest';
import { pipeline } from '../../src/index.js';
import { makeRandom, seedOf } from '../crash/random.js';
import { runAndKill } from '../support/killedProcess.js';
import { makeDirectory, openStore } from '../support/store.js';
import { definitions } from './definitions.mjs';
import { expectDerived } from './support.js';

const rounds = Number(process.env['KILL_ROUNDS'] ?? 8);

it(
  `derives what it would without them, over ${rounds} kills`,
  async () => {
    const seed = seedOf(process.env['KILL_SEED']);
    const random = makeRandom(seed);
    const dataDir = await makeDirectory();
    for (let round = 0; round < rounds; round += 1)
      await runAndKill(import.meta.url, { dataDir, random, msMax: 1200 });
    const store = await openStore({ dataDir });
    const derived = await expectDerived(store, definitions(pipeline));
    console.log(
      `KILL_SEED=${seed}: ${rounds} kills, ${store.watermark} positions, ${derived} events derived`,
    );
    expect(derived).toBeGreaterThan(rounds);
  },
  60_000 + rounds * 5_000,
);

import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeDirectory } from '../support/store.js';
import { makeRandom, seedOf } from './random.js';
import { CrashedStore, Tally } from './rounds.js';
import { type Strike, killStrike } from './runVictim.js';

const rounds = 8;
const appendsMax = 300;

it(`loses nothing that was acknowledged or seen over ${rounds} kills`, async () => {
  const seed = seedOf(process.env['CRASH_SEED']);
  const dataDir = await makeDirectory();
  const store = new CrashedStore({ dataDir, random: makeRandom(seed), appendsMax });
  const tally = new Tally();
  for (let round = 1; round <= rounds; round++) {
    try {
      tally.add(await store.round());
    } catch (error) {
      throw new Error(`round ${round}; to repeat it: CRASH_SEED=${seed}`, { cause: error });
    }
  }
  console.log(`CRASH_SEED=${seed}: ${tally.crashes} kills, ${tally}`);
  expect(tally.acknowledged).toBeGreaterThan(rounds);
  expect(tally.seen).toBeGreaterThan(rounds);
  expect(tally.indexFiles).toBeGreaterThan(0);
}, 120_000);

it('would find a loss: the last bytes of the log, taken away between kill and opening', async () => {
  const seed = seedOf(process.env['CRASH_SEED']);
  const dataDir = await makeDirectory();
  const strike: Strike = async (victim) => {
    const output = await killStrike(victim);
    await clearLastBytes(dataDir, 300);
    return output;
  };
  const store = new CrashedStore({ dataDir, random: makeRandom(seed), appendsMax: 200, strike });
  const tenRounds = async () => {
    for (let round = 1; round <= 10; round++) await store.round();
  };
  await expect(tenRounds(), `CRASH_SEED=${seed}`).rejects.toThrow(/lost|any more/);
}, 60_000);

/** Writes zeros over the last `count` bytes of the log that are not zeros already. */
async function clearLastBytes(dataDir: string, count: number): Promise<void> {
  const names = await readdir(join(dataDir, 'log')).catch(() => []);
  const last = names.filter((name) => name.endsWith('.seg')).at(-1);
  if (last === undefined) return;
  const file = await open(join(dataDir, 'log', last), 'r+');
  try {
    const bytes = await file.readFile();
    const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
    const begin = Math.max(4096, end - count);
    if (begin < end) await file.write(Buffer.alloc(end - begin), 0, end - begin, begin);
  } finally {
    await file.close();
  }
}

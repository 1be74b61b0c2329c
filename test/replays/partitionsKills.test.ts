// A process that replays in partitions is killed again and again: its states are those of a fold of all
// events on one thread, each once. Long form: KILL_ROUNDS=100.
import { expect, it } from 'vitest';
import { makeRandom, seedOf } from '../crash/random.js';
import { statesOf } from '../projections/support.js';
import { runAndKill } from '../support/killedProcess.js';
import { makeDirectory, openStore } from '../support/store.js';
import { customers, lists } from './partitioned.mjs';

const rounds = Number(process.env['KILL_ROUNDS'] ?? 6);

it(
  `a replay in partitions has the states of a fold, over ${rounds} kills`,
  async () => {
    const seed = seedOf(process.env['KILL_SEED']);
    const random = makeRandom(seed);
    const dataDir = await makeDirectory();
    const victim = { file: 'partitionsVictim.mjs', args: [] };
    for (let round = 0; round < rounds; round += 1) {
      await runAndKill(import.meta.url, { dataDir, random, msMax: 2500, victim });
    }
    const store = await openStore({ dataDir });
    for (const projection of [lists, customers]) {
      await store.projections.start(projection);
    }
    const replays = await store.replays.list();
    for (const { replayId } of replays) {
      const { status, errorMessage } = await store.replays.ended(replayId);
      expect(['completed', 'cancelled'], `${errorMessage}`).toContain(status);
    }
    console.log(`KILL_SEED=${seed}: ${replays.length} replays, ${store.watermark} positions`);
    for (const projection of [lists, customers]) {
      const handle = await store.projections.get(projection.name);
      const fresh = await store.projections.start({ ...projection, name: 'fresh' });
      expect(await statesOf(store, handle)).toEqual(await statesOf(store, fresh));
      expect(await handle.parked()).toEqual(await fresh.parked());
      await store.projections.delete('fresh');
    }
  },
  120_000 + rounds * 10_000,
);

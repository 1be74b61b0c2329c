// A process that keeps a projection is killed again and again: its states are those of a fold of all
// events, each once. Long form: KILL_ROUNDS=300.
import { expect, it } from 'vitest';
import type { ProjectionStorage } from '../../src/index.js';
import { makeRandom, seedOf } from '../crash/random.js';
import { runAndKill } from '../support/killedProcess.js';
import { makeDirectory, openStore } from '../support/store.js';
import { type Total, foldOf, statesOf, totals } from './support.js';

const rounds = Number(process.env['KILL_ROUNDS'] ?? 8);

/** As the victim has it: an unlucky event is left out. */
const parking = totals({
  onError: 'park',
  on: {
    'order.placed': (state: Total, event) => {
      if (event.payload === 13) throw new Error('unlucky');
      return { count: state.count + 1, sum: state.sum + Number(event.payload) };
    },
    'order.deleted': () => null,
  },
});
const without = totals({
  on: {
    'order.placed': (state: Total, event) => {
      if (event.payload === 13) return state;
      return { count: state.count + 1, sum: state.sum + Number(event.payload) };
    },
    'order.deleted': () => null,
  },
});

/** Where a killed process keeps states, and how they are read when it is gone. */
interface KilledStorage {
  /** Of the process, see `victim.mjs`. */
  readonly arguments: readonly string[];
  readonly storage: ProjectionStorage | undefined;
}

export function testKills(make: () => Promise<KilledStorage>): void {
  it(
    `has the states of a fold, over ${rounds} kills`,
    async () => {
      const { storage, arguments: args } = await make();
      const seed = seedOf(process.env['KILL_SEED']);
      const random = makeRandom(seed);
      const dataDir = await makeDirectory();
      const victim = { file: 'victim.mjs', args };
      for (let round = 0; round < rounds; round += 1) {
        await runAndKill(import.meta.url, { dataDir, random, msMax: 900, victim });
      }
      const store = await openStore({ dataDir });
      const handle = await store.projections.start(parking, { storage });
      const states = await statesOf(store, handle);
      const fold = await foldOf(store, without);
      // An order whose events were all unlucky is none of the projection.
      const known = Object.entries(fold).filter(([, { count }]) => count > 0);
      const info = await handle.info();
      console.log(
        `KILL_SEED=${seed}: ${rounds} kills, ${store.watermark} positions, ` +
          `${info.eventsParked} events parked`,
      );
      expect(states).toEqual(Object.fromEntries(known));
      const unlucky: number[] = [];
      for await (const { payload, position, eventType } of store.read()) {
        if (eventType === 'order.placed' && payload === 13) unlucky.push(position);
      }
      expect((await handle.parked()).map(({ position }) => position)).toEqual(unlucky);
    },
    60_000 + rounds * 5_000,
  );
}

// A process is killed right behind the first append of its projection and pipelines, then behind the second
// after it was started again, and so on. Were states, results and position written by more than one
// append, one of the kills would fall between them. Long form: COMMIT_KILLS=60.
import { expect, it } from 'vitest';
import { defineProjection, pipeline } from '../../src/index.js';
import type { JsonObject } from '../../src/index.js';
import { foldOf, statesOf } from '../projections/support.js';
import type { Total } from '../projections/support.js';
import { runUntilKilled } from '../support/killedProcess.js';
import { makeDirectory, withoutSnapshots } from '../support/store.js';
import { openEventStore } from '../../src/index.js';
import { definitions } from './definitions.mjs';
import { expectDerived } from './support.js';

const kills = Number(process.env['COMMIT_KILLS'] ?? 12);

const totals = defineProjection<Total>({
  name: 'totals',
  version: 1,
  init: () => ({ count: 0, sum: 0 }),
  on: {
    'order.placed': ({ count, sum }, { payload }) => ({
      count: count + 1,
      sum: sum + Number((payload as JsonObject)['total']),
    }),
  },
});

it(
  `projections and pipelines are what they would be, killed behind each of ${kills} appends`,
  async () => {
    const dataDir = await makeDirectory();
    let derived = 0;
    for (let count = 1; count <= kills; count += 1) {
      await runUntilKilled(new URL('commitVictim.mjs', import.meta.url), [dataDir, String(count)]);
      const store = await openEventStore({ dataDir, snapshots: withoutSnapshots });
      try {
        const handle = await store.projections.start(totals);
        const states = await statesOf(store, handle);
        expect(states, `kill ${count}`).toEqual(await foldOf(store, totals));
        derived = await expectDerived(store, definitions(pipeline));
      } finally {
        await store.close();
      }
    }
    expect(derived).toBeGreaterThan(kills);
  },
  60_000 + kills * 10_000,
);

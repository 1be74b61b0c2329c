// Random histories of a store behind a server, over connections that are cut, refused and stalled,
// while the server is killed. Long form: NETWORK_HISTORIES=10000. One history again, by its seed:
// NETWORK_SEED=… NETWORK_HISTORIES=1; what it does is the same, when it happens is up to the machine.
import { expect, it } from 'vitest';
import { seedOf } from '../crash/random.js';
import { Tally, runBatch } from './batch.js';

const histories = Number(process.env['NETWORK_HISTORIES'] ?? 25);
const historiesOfBatch = 50;
/** Seeds of neighbours are far from each other. */
const seedStep = 0x9e3779b1;
const msPerHistory = 4_000;

it(
  `keeps what it promises over ${histories} histories of cuts and kills`,
  async () => {
    const seed = seedOf(process.env['NETWORK_SEED']);
    console.log(`NETWORK_SEED=${seed}`);
    const begin = performance.now();
    const tally = new Tally();
    for (let first = 0; first < histories; first += historiesOfBatch) {
      const count = Math.min(historiesOfBatch, histories - first);
      const seeds = Array.from({ length: count }, (_, i) => {
        return (seed + Math.imul(first + i, seedStep)) >>> 0;
      });
      await runBatch(seeds, tally);
      if (first % 1_000 === 950) console.log(`${tally}`);
    }
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    console.log(`NETWORK_SEED=${seed}: ${tally}; ${seconds} s`);
    expect(tally.histories).toBe(histories);
  },
  120_000 + histories * msPerHistory,
);

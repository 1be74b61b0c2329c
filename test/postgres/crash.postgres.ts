import { expect, it, onTestFinished } from 'vitest';
import pg from 'pg';
import { postgresStorage } from '../../src/index.js';
import { makeRandom, seedOf } from '../crash/random.js';
import { foldOf, place, statesOf, totals } from '../projections/support.js';
import { openStore } from '../support/store.js';
import { PostgresServer } from './server.js';

it('counts nothing twice over crashes of the server', async () => {
  const seed = seedOf(process.env['STORAGE_SEED']);
  const random = makeRandom(seed);
  console.log(`STORAGE_SEED=${seed}`);
  const server = new PostgresServer();
  onTestFinished(() => server.remove());
  const pool = new pg.Pool({ host: server.folder, user: 'postgres' });
  pool.on('error', () => undefined);
  onTestFinished(() => pool.end());
  const store = await openStore({ memory: true });
  const storage = postgresStorage(pool);
  const handle = await store.projections.start(totals(), { storage });
  for (let crash = 0; crash < 3; crash += 1) {
    for (let i = 0; i < 20 + random(20); i += 1) {
      await place(store, `o-${random(5)}`, random(100));
      // It makes it commit; the pool may still have a connection of before the crash.
      await handle.list({ limit: 1 }).catch(() => undefined);
    }
    await place(store, `o-${random(5)}`, random(100));
    const listed = handle.list().catch(() => undefined);
    for (let turns = random(8); turns > 0; turns -= 1) await new Promise(setImmediate);
    server.stop('immediate');
    await place(store, `o-${random(5)}`, random(100));
    server.start();
    await listed;
  }
  expect(await statesOf(store, handle)).toEqual(await foldOf(store, totals()));
});

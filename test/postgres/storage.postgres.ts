import { describe, expect, inject, it } from 'vitest';
import { postgresStorage } from '../../src/index.js';
import { makeRandom, seedOf } from '../crash/random.js';
import { commitOf, describeStorage, keysOf, space } from '../projections/storage/contract.js';
import { describeSqlStorage } from '../projections/storage/sqlContract.js';
import { foldOf, place, statesOf, totals } from '../projections/support.js';
import { codeOf, openStore } from '../support/store.js';
import { makeDatabase, makePool, newSchema } from './database.js';

describeStorage('PostgreSQL', async () => (await makeDatabase()).storage());
describeSqlStorage('PostgreSQL', makeDatabase);

describe('a connection to PostgreSQL', () => {
  it('that is cut, at any time, takes nothing with it and counts nothing twice', async () => {
    const { schema, pool } = await makeDatabase();
    const seed = seedOf(process.env['STORAGE_SEED']);
    const random = makeRandom(seed);
    console.log(`STORAGE_SEED=${seed}`);
    const own = makePool({ application_name: schema });
    const storage = postgresStorage(own, { schema });
    const store = await openStore({ memory: true });
    const handle = await store.projections.start(totals(), { storage });
    let cuts = 0;
    for (let i = 0; cuts < 6; i += 1) {
      await place(store, `o-${random(5)}`, random(100));
      // A list makes it commit; the cut comes before, amid or behind that.
      const listed = handle.list({ limit: 1 }).catch(() => undefined);
      if (random(4) === 0) {
        for (let turns = random(12); turns > 0; turns -= 1) await new Promise(setImmediate);
        const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE application_name = $1 AND pid <> pg_backend_pid()`;
        const { rows } = await pool.query(cut, [schema]);
        if (rows.length > 0) cuts += 1;
      }
      await listed;
    }
    expect(await statesOf(store, handle)).toEqual(await foldOf(store, totals()));
    expect((await handle.info()).failure).toBeNull();
  });

  it('that begins serializable transactions is used by many at once', async () => {
    const { schema, pool } = await makeDatabase();
    const options = '-c default_transaction_isolation=serializable';
    const storages = [0, 1, 2].map(() => postgresStorage(makePool({ options }), { schema }));
    const stores = await Promise.all(
      storages.map(async (storage) => {
        const store = await openStore({ memory: true });
        const tenantId = `t-${storages.indexOf(storage)}`;
        return { store, handle: await store.projections.start(totals(), { storage, tenantId }) };
      }),
    );
    await Promise.all(
      stores.map(async ({ store, handle }, tenant) => {
        for (let i = 0; i < 20; i += 1) {
          const event = { eventType: 'order.placed', entityId: `o-${i % 3}`, payload: i };
          await store.append({ ...event, tenantId: `t-${tenant}` });
          await handle.list({ limit: 1 });
        }
        const states = await statesOf(store, handle);
        const wanted = [63, 70, 57].map((sum, i) => [`o-${i}`, { count: i < 2 ? 7 : 6, sum }]);
        expect(states).toEqual(Object.fromEntries(wanted));
      }),
    );
    const { rows } = await pool.query(`SELECT count(*)::int AS n FROM ${schema}.allsource_states`);
    expect(rows).toEqual([{ n: 9 }]);
  });

  it('makes the tables once where many begin at the same time', async () => {
    const schema = newSchema();
    const storages = Array.from({ length: 8 }, () => postgresStorage(makePool(), { schema }));
    const opened = await Promise.all(storages.map((storage) => storage.open(space)));
    expect(opened.map(({ position }) => position)).toEqual(storages.map(() => 0));
  });

  it('of an account that may not make tables uses those that are there', async () => {
    const { schema, pool, storage } = await makeDatabase();
    await storage().open(space);
    const account = `${schema}_account`;
    await pool.query(`CREATE ROLE ${account} LOGIN; GRANT USAGE ON SCHEMA ${schema} TO ${account};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${account}`);
    const own = postgresStorage(makePool({ user: account }), { schema });
    await own.commit(space, commitOf(0, 1, { a: 1 }, [{ position: 1, reason: 'bad' }]));
    await own.activate?.(space);
    expect(await keysOf(own)).toEqual(['a']);
    await own.drop(space);
    const missing = postgresStorage(makePool({ user: account }), { schema: newSchema() });
    await expect(missing.open(space)).rejects.toThrow(/permission denied/);
  });

  it('is given back to the pool, however its work ends', async () => {
    const { schema } = await makeDatabase();
    const pool = makePool({ max: 1 });
    const storage = postgresStorage(pool, { schema });
    for (let i = 0; i < 5; i += 1) {
      await expect(storage.commit(space, commitOf(7, 8, {}))).rejects.toThrow(/expected at/);
      await storage.commit(space, commitOf(i, i + 1, { a: i }));
      await expect(storage.load({ ...space, generation: 0.5 }, ['a'])).rejects.toThrow(/bigint/);
    }
    expect([pool.totalCount, pool.idleCount, pool.waitingCount]).toEqual([1, 1, 0]);
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('has a schema and a prefix that are checked', async () => {
    const pool = makePool();
    for (const bad of ['', 'A', '1a', 'a"b', 'a.b', 'x'.repeat(41)]) {
      for (const options of [{ schema: bad }, { prefix: bad }]) {
        expect(await codeOf(() => postgresStorage(pool, options))).toBe('invalid_configuration');
      }
    }
  });
});

describe('states in PostgreSQL', () => {
  it('are found by an index on what they hold', async () => {
    const { schema, pool, storage } = await makeDatabase();
    const states = Array.from({ length: 2000 }, (_, i) => [`k-${i}`, { city: `c-${i % 500}` }]);
    await storage().commit(space, commitOf(0, 1, Object.fromEntries(states)));
    await storage().activate?.(space);
    await pool.query(`CREATE INDEX ON ${schema}.allsource_rows ((state ->> 'city'));
      CREATE INDEX ON ${schema}.allsource_rows USING gin ((state::jsonb) jsonb_path_ops);
      ANALYZE ${schema}.allsource_rows`);
    const plan = async (condition: string) => {
      const sql = `EXPLAIN SELECT key FROM ${schema}.allsource_states WHERE ${condition}`;
      return JSON.stringify((await pool.query(sql)).rows);
    };
    expect(await plan(`state ->> 'city' = 'c-7'`)).toMatch(/Index/);
    expect(await plan(`state::jsonb @> '{"city":"c-7"}'`)).toMatch(/Bitmap/);
  });

  it('are refused at the start where the server is away, and the store closes', async () => {
    const { schema } = await makeDatabase();
    const storage = postgresStorage(makePool({ host: `${inject('postgresHost')}/nowhere` }), {
      schema,
    });
    const store = await openStore({ memory: true });
    await expect(store.projections.start(totals(), { storage })).rejects.toThrow(/ENOENT/);
    expect((await store.projections.list()).map(({ name }) => name)).not.toContain('totals');
    await store.close();
  });
});

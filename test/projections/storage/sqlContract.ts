import { cp, rm } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openEventStore } from '../../../src/index.js';
import type { EmbeddedStore, ProjectionStorage } from '../../../src/index.js';
import { makeRandom, seedOf } from '../../crash/random.js';
import { codeOf, errorOf, makeDirectory, openStore, turn } from '../../support/store.js';
import { foldOf, place, statesOf, totals, until } from '../support.js';
import { commitOf, keysOf, space } from './contract.js';
import type { CommitFault, SqlDatabase } from './sqlDatabase.js';

/** Beyond those of any generation: what users call to remove all states. */
const everything = { ...space, generation: Number.MAX_SAFE_INTEGER };

/** The states as somebody sees them who reads the database. */
async function seenIn(database: SqlDatabase): Promise<Record<string, unknown>> {
  const rows = await database.query(
    `SELECT key, CAST(state AS TEXT) AS state FROM ${database.prefix}states
      WHERE projection = 'totals' AND tenant_id = 'default'`,
  );
  return Object.fromEntries(
    rows.map(({ key, state }) => [key as string, JSON.parse(state as string) as unknown]),
  );
}

async function countOf(database: SqlDatabase, table: string): Promise<number> {
  const [row] = await database.query(`SELECT count(*) AS n FROM ${database.prefix}${table}`);
  return Number(row?.['n']);
}

async function fill(store: EmbeddedStore, count = 30): Promise<void> {
  for (let i = 0; i < count; i += 1) await place(store, `o-${i % 6}`, i);
}

/** Ten times as much. */
const tenfold = (version: number) =>
  totals({
    version,
    on: {
      'order.placed': (state, { payload }) => ({
        count: state.count + 1,
        sum: state.sum + 10 * Number(payload),
      }),
    },
  });

/** What storages in a database do beyond the contract of all. */
export function describeSqlStorage(name: string, make: () => Promise<SqlDatabase>): void {
  describe(`tables in ${name}`, () => describeTables(make));
  describe(`a projection with states in ${name}`, () => {
    describeFaults(make);
    describeLogs(make);
    describePlaces(make);
  });
}

function describeTables(make: () => Promise<SqlDatabase>): void {
  it('list keys in the order of their bytes', async () => {
    const storage = (await make()).storage();
    const keys = ['b', 'a', 'B', 'é', 'z', '10', '9', '\uffff', '😀', '_', 'a b', 'ab'];
    const states = Object.fromEntries(keys.map((key) => [key, 1]));
    await storage.commit(space, commitOf(0, 1, states));
    const wanted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(await keysOf(storage)).toEqual(wanted);
    const [first, second] = wanted;
    await storage.commit(space, commitOf(1, 2, { [first ?? '']: undefined }));
    const rest = await storage.list(space, { prefix: '', from: first ?? '', limit: 1 });
    expect(rest.states).toEqual([{ key: second, state: 1 }]);
  });

  it('refuse a cursor that is none', async () => {
    const storage = (await make()).storage();
    const page = { prefix: '', from: 'a\0', limit: 1 };
    expect(await codeOf(() => storage.list(space, page))).toBe('invalid_query');
  });

  it('keep the id of the event, large positions, and any reason', async () => {
    const database = await make();
    const position = 2 ** 52;
    const parked = [{ position: position - 1, reason: 'bad \0 "text"\n😀' }];
    const commit = commitOf(0, position, { a: 1 }, parked);
    await database.storage().commit(space, commit);
    const storage = database.storage();
    expect(await storage.open(space)).toEqual({ position, parked: 1, eventId: commit.eventId });
    const [one] = await storage.parked(space);
    expect(one?.position).toBe(position - 1);
    expect(one?.reason).toMatch(/^bad . "text"\n😀$/su);
    await storage.commit(space, { ...commitOf(position, position + 1, {}), eventId: null });
    expect((await storage.open(space)).eventId).toBeNull();
  });

  it('take one of two commits on the same states', async () => {
    const database = await make();
    const storages = [database.storage(), database.storage()];
    for (const after of [0, 1, 2]) {
      const commits = storages.map((storage, i) =>
        storage.commit(space, commitOf(after, after + 1, { [`by-${i}`]: after, both: i })),
      );
      const results = await Promise.allSettled(commits);
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const winner = results.findIndex(({ status }) => status === 'fulfilled');
      const loaded = await database.storage().load(space, [`by-${winner}`, 'both']);
      expect(loaded).toEqual([after, winner]);
    }
  });

  it('show the states that are read, and no others', async () => {
    const database = await make();
    const storage = database.storage();
    const next = { ...space, generation: 2 };
    await storage.activate?.(space);
    await storage.commit(space, commitOf(0, 4, { a: 1 }));
    await storage.commit(next, commitOf(0, 5, { a: 2, b: 2 }));
    expect(await seenIn(database)).toEqual({ a: 1 });
    await storage.activate?.(next);
    await storage.activate?.(next);
    expect(await seenIn(database)).toEqual({ a: 2, b: 2 });
    const positions = await database.query(`SELECT position FROM ${database.prefix}states`);
    expect(positions.map(({ position }) => Number(position))).toEqual([5, 5]);
  });

  it('hold no row of what was dropped', async () => {
    const database = await make();
    const storage = database.storage();
    const states = Object.fromEntries(Array.from({ length: 12_000 }, (_, i) => [`k${i}`, i]));
    const parked = [{ position: 1, reason: 'bad' }];
    for (const generation of [1, 2, 3]) {
      await storage.commit({ ...space, generation }, commitOf(0, 2, states, parked));
    }
    const others = { ...space, tenantId: 'acme' };
    await storage.commit(others, commitOf(0, 2, { a: 1 }, parked));
    await storage.drop({ ...space, generation: 2 });
    expect(await countOf(database, 'rows')).toBe(12_001);
    expect(await countOf(database, 'parked')).toBe(2);
    expect(await countOf(database, 'spaces')).toBe(2);
    expect(await storage.open(space)).toEqual({ position: 0, parked: 0 });
    await storage.drop(everything);
    expect(await keysOf(storage, { of: { ...space, generation: 3 } })).toEqual([]);
    expect(await storage.load(others, ['a'])).toEqual([1]);
    expect(await countOf(database, 'rows')).toBe(1);
  });

  it('are made again where somebody removed them', async () => {
    const database = await make();
    const storage = database.storage();
    await storage.commit(space, commitOf(0, 1, { a: 1 }));
    await database.query(`DROP VIEW ${database.prefix}states`);
    for (const table of ['rows', 'parked', 'spaces']) {
      await database.query(`DROP TABLE ${database.prefix}${table}`);
    }
    await storage.open(space).catch(() => undefined);
    expect(await storage.open(space)).toEqual({ position: 0, parked: 0 });
    await storage.commit(space, commitOf(0, 1, { a: 2 }));
    expect(await storage.load(space, ['a'])).toEqual([2]);
  });
}

function describeFaults(make: () => Promise<SqlDatabase>): void {
  it('goes on where it was after a restart, and counts nothing twice', async () => {
    const database = await make();
    const dataDir = await makeDirectory();
    for (let round = 1; round <= 3; round += 1) {
      const store = await openEventStore({ dataDir });
      const storage = database.storage();
      const handle = await store.projections.start(totals(), { storage });
      await fill(store);
      await handle.waitFor(store.watermark);
      expect((await handle.info()).eventsProcessed).toBe(30);
      const fold = await foldOf(store, totals());
      expect(await statesOf(store, handle)).toEqual(fold);
      expect(await seenIn(database)).toEqual(fold);
      await store.close();
    }
  });

  it('counts each event once, whether a commit that failed was made or not', async () => {
    const database = await make();
    const seed = seedOf(process.env['STORAGE_SEED']);
    const random = makeRandom(seed);
    console.log(`STORAGE_SEED=${seed}`);
    const faults: CommitFault[] = ['answer lost', 'not made', 'answer lost', 'not made'];
    let isArmed = false;
    const next = () => (isArmed && random(3) === 0 ? faults.pop() : undefined);
    const store = await openStore({ memory: true });
    const handle = await store.projections.start(totals(), { storage: database.failing(next) });
    isArmed = true;
    for (let i = 0; faults.length > 0 || i < 20; i += 1) {
      await place(store, `o-${random(5)}`, random(100));
      await handle.list({ limit: 1 });
      await handle.waitFor(store.watermark);
    }
    const fold = await foldOf(store, totals());
    expect(await statesOf(store, handle)).toEqual(fold);
    expect(await seenIn(database)).toEqual(fold);
    const { failure, eventsFailed } = await handle.info();
    expect({ failure, eventsFailed }).toEqual({ failure: null, eventsFailed: 0 });
  });

  it('tells of storage that fails, and goes on when it works again', async () => {
    const database = await make();
    let isBroken = false;
    const next = () => (isBroken ? ('not made' as const) : undefined);
    const store = await openStore({ memory: true });
    const handle = await store.projections.start(totals(), { storage: database.failing(next) });
    isBroken = true;
    const position = await place(store, 'a', 1);
    await until(async () => (await handle.info()).failure !== null);
    expect((await handle.info()).failure).toEqual({ position: 0, reason: 'not made' });
    isBroken = false;
    await handle.waitFor(position);
    await until(async () => (await handle.info()).failure === null);
    expect(await statesOf(store, handle)).toEqual({ a: { count: 1, sum: 1 } });
  });

  it('is brought up to date where the database was restored, while it runs or not', async () => {
    const database = await make();
    const dataDir = await makeDirectory();
    let store = await openEventStore({ dataDir });
    const handle = await store.projections.start(totals(), { storage: database.storage() });
    await fill(store);
    await statesOf(store, handle);
    const restore = await database.copy();
    await fill(store);
    await statesOf(store, handle);
    await restore();
    await fill(store, 3);
    await until(async () => {
      await handle.list();
      return (
        JSON.stringify(await seenIn(database)) === JSON.stringify(await foldOf(store, totals()))
      );
    });
    await store.close();
    await restore();
    store = await openStore({ dataDir });
    const again = await store.projections.start(totals(), { storage: database.storage() });
    const fold = await foldOf(store, totals());
    expect(await statesOf(store, again)).toEqual(fold);
    expect(await seenIn(database)).toEqual(fold);
  });

  it('leaves no reader of the log behind, however many events fail', async () => {
    const database = await make();
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    onTestFinished(() => void process.off('warning', note));
    const store = await openStore({ memory: true });
    const broken = totals({ onError: 'park', key: () => '' });
    const handle = await store.projections.start(broken, { storage: database.storage() });
    const event = { eventType: 'order.placed', entityId: 'a', payload: 1 };
    await store.appendBatch(Array.from({ length: 15 }, () => event));
    await handle.waitFor(store.watermark);
    await turn();
    expect((await handle.info()).eventsParked).toBe(15);
    expect(warnings).toEqual([]);
  });

  it('leaves out an event whose key is half a character', async () => {
    const database = await make();
    const store = await openStore({ memory: true });
    const broken = totals({ onError: 'park', key: ({ payload }) => `k\ud83d${payload as number}` });
    const handle = await store.projections.start(broken, { storage: database.storage() });
    const position = await place(store, 'a', 1);
    expect(await statesOf(store, handle)).toEqual({});
    expect((await handle.parked()).map((one) => one.position)).toEqual([position]);
  });
}

function describeLogs(make: () => Promise<SqlDatabase>): void {
  const startWith = async (store: EmbeddedStore, storage: ProjectionStorage) =>
    store.projections.start(totals(), { storage });

  it('is refused where its states are of another log, until they are removed', async () => {
    const database = await make();
    const first = await openEventStore({ memory: true });
    await fill(first);
    await statesOf(first, await startWith(first, database.storage()));
    await first.close();
    const store = await openStore({ memory: true });
    for (let i = 0; i < 2; i += 1) {
      const error = await errorOf(() => startWith(store, database.storage()));
      expect(error.code).toBe('projection_conflict');
      expect(error.message).toMatch(
        i === 0 ? /and the log ends at \d/ : /at event .*, and the log/,
      );
      await fill(store, 60);
    }
    await database.storage().drop(everything);
    const handle = await startWith(store, database.storage());
    expect(await statesOf(store, handle)).toEqual(await foldOf(store, totals()));
  });

  it('is refused where the log has lost its end', async () => {
    const database = await make();
    const dataDir = await makeDirectory();
    const copy = `${await makeDirectory()}/copy`;
    let store = await openEventStore({ dataDir });
    await fill(store);
    await statesOf(store, await startWith(store, database.storage()));
    await store.close();
    await cp(dataDir, copy, { recursive: true });
    store = await openEventStore({ dataDir });
    const handle = await startWith(store, database.storage());
    await fill(store, 6);
    await statesOf(store, handle);
    await store.close();
    await rm(dataDir, { recursive: true });
    await cp(copy, dataDir, { recursive: true });
    store = await openStore({ dataDir });
    expect(await codeOf(() => startWith(store, database.storage()))).toBe('projection_conflict');
    await fill(store, 50);
    expect(await codeOf(() => startWith(store, database.storage()))).toBe('projection_conflict');
  });

  it('stops where the database is that of another log now', async () => {
    const database = await make();
    const other = await openEventStore({ memory: true });
    await fill(other, 100);
    await statesOf(other, await startWith(other, database.storage()));
    await other.close();
    const restore = await database.copy();
    await database.storage().drop(everything);
    const store = await openStore({ memory: true });
    const handle = await startWith(store, database.storage());
    await fill(store, 5);
    await statesOf(store, handle);
    await restore();
    const position = await place(store, 'a', 1);
    await handle.list();
    expect(await codeOf(() => handle.waitFor(position + 1))).toBe('projection_stopped');
    expect((await handle.info()).failure?.reason).toMatch(/are of another log/);
  });
}

function describePlaces(make: () => Promise<SqlDatabase>): void {
  it('shows the states of before in the database until a newer version is whole', async () => {
    const database = await make();
    const store = await openStore({ memory: true });
    const storage = database.storage();
    await fill(store);
    await statesOf(store, await store.projections.start(totals(), { storage }));
    const before = await foldOf(store, totals());
    const after = await foldOf(store, tenfold(2));
    const handle = await store.projections.start(tenfold(2), { storage });
    const seen = new Set<string>();
    const isNew = (states: unknown) => JSON.stringify(states) === JSON.stringify(after);
    await until(async () => {
      const states = await seenIn(database);
      seen.add(JSON.stringify(states));
      return isNew(states);
    });
    const allowed = [before, after].map((states) => JSON.stringify(states));
    for (const states of seen) expect(allowed).toContain(states);
    await handle.waitFor(store.watermark);
    await until(async () => (await countOf(database, 'spaces')) === 1);
    expect(await countOf(database, 'rows')).toBe(6);
    expect(await handle.rebuild()).toEqual({ keys: 6, different: [] });
    await until(async () => (await countOf(database, 'spaces')) === 1);
    expect(await seenIn(database)).toEqual(after);
  });

  it('goes on with the states of before where the database fails as they are compared', async () => {
    const inner = (await make()).storage();
    let isCut = false;
    const storage: ProjectionStorage = {
      open: (of) => inner.open(of),
      load: (of, keys) => inner.load(of, keys),
      commit: (of, commit) => inner.commit(of, commit),
      list: (of, page) => (isCut ? Promise.reject(new Error('cut')) : inner.list(of, page)),
      parked: (of) => inner.parked(of),
      activate: async (of) => inner.activate?.(of),
      drop: (of) => inner.drop(of),
    };
    const store = await openStore({ memory: true });
    const handle = await store.projections.start(totals(), { storage });
    await fill(store);
    await handle.waitFor(store.watermark);
    isCut = true;
    await expect(handle.rebuild()).rejects.toThrow('cut');
    isCut = false;
    const failure = { position: 0, reason: 'cut' };
    expect(await handle.info()).toMatchObject({ status: 'failed', failure });
    await fill(store);
    expect(await statesOf(store, handle)).toEqual(await foldOf(store, totals()));
    await handle.resume();
    await until(async () => (await handle.info()).status === 'running');
    expect(await statesOf(store, handle)).toEqual(await foldOf(store, totals()));
  });

  it('is not read as empty where its storage was not given', async () => {
    const database = await make();
    const dataDir = await makeDirectory();
    const first = await openEventStore({ dataDir });
    const storage = database.storage();
    await fill(first);
    await statesOf(first, await first.projections.start(totals(), { storage }));
    await first.close();
    const store = await openStore({ dataDir });
    const handle = await store.projections.get('totals');
    expect(await handle.info()).toMatchObject({ status: 'stopped', version: 1 });
    for (const call of [() => handle.get('o-1'), () => handle.list(), () => handle.parked()]) {
      const error = await errorOf(call);
      expect(error.code).toBe('projection_stopped');
      expect(error.message).toMatch(/start it with that storage/);
    }
    const error = await errorOf(() => store.projections.start(totals()));
    expect(error.code).toBe('projection_conflict');
    expect(error.message).toMatch(/start it with that storage, or with a higher version/);
    const started = await store.projections.start(totals(), { storage: database.storage() });
    expect(await statesOf(store, started)).toEqual(await foldOf(store, totals()));
  });

  it('comes from the log, and goes back to it, without a moment that has no states', async () => {
    const database = await make();
    const dataDir = await makeDirectory();
    let store = await openEventStore({ dataDir });
    await fill(store);
    await statesOf(store, await store.projections.start(totals()));
    const fold = await foldOf(store, totals());
    const moved = await store.projections.start(totals(), { storage: database.storage() });
    do {
      expect((await moved.get('o-1'))?.state).toEqual(fold['o-1']);
      await turn();
    } while ((await moved.info()).status === 'rebuilding');
    expect(await statesOf(store, moved)).toEqual(fold);
    await until(async () => (await countOf(database, 'spaces')) === 1);
    expect(await seenIn(database)).toEqual(fold);
    await store.close();
    store = await openStore({ dataDir });
    const back = await store.projections.start(tenfold(2));
    await until(async () => (await back.info()).version === 2);
    expect(await statesOf(store, back)).toEqual(await foldOf(store, tenfold(2)));
  });

  it('leaves no state behind when it is deleted', async () => {
    const database = await make();
    const store = await openStore({ memory: true });
    const storage = database.storage();
    await fill(store);
    await statesOf(store, await store.projections.start(totals(), { storage }));
    await store.projections.delete('totals');
    for (const table of ['rows', 'parked', 'spaces']) {
      expect(await countOf(database, table)).toBe(0);
    }
    const again = await store.projections.start(totals(), { storage });
    expect(await statesOf(store, again)).toEqual(await foldOf(store, totals()));
  });
}

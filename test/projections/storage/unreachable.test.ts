import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openEventStore, postgresStorage } from '../../../src/index.js';
import type { PostgresClient, PostgresPool, ProjectionStorage } from '../../../src/index.js';
import { SystemAccess, openCore } from '../../../src/eventStore/index.js';
import { LogStorage } from '../../../src/projections/storage/logStorage.js';
import { codeOf, errorOf, makeDirectory, openStore } from '../../support/store.js';
import { place, totals, until } from '../support.js';
import { commitOf, space } from './contract.js';

const never = new Promise<never>(() => undefined);
const timeoutMs = 30;

/** What calls of the storage of a pool come to. */
async function answersOf(pool: PostgresPool): Promise<string[]> {
  const calls: ((storage: ProjectionStorage) => Promise<unknown>)[] = [
    (storage) => storage.open(space),
    (storage) => storage.load(space, ['a']),
    (storage) => storage.commit(space, commitOf(0, 1, { a: 1 })),
    (storage) => storage.list(space, { prefix: '', from: null, limit: 1 }),
    (storage) => storage.parked(space),
    async (storage) => storage.activate?.(space),
    (storage) => storage.drop(space),
  ];
  const storage = postgresStorage(pool, { timeoutMs });
  const answers: string[] = [];
  for (const call of calls) {
    answers.push(await call(storage).then(String, (error: unknown) => String(error)));
  }
  return answers;
}

describe('PostgreSQL that does not answer', () => {
  it('is not waited for without end where it takes no connection; one that comes later is given back', async () => {
    const comes: ((client: PostgresClient) => void)[] = [];
    const pool = {
      connect: () => new Promise<PostgresClient>((resolve) => void comes.push(resolve)),
    };
    const answers = await answersOf(pool);
    expect(new Set(answers)).toEqual(
      new Set([`Error: PostgreSQL did not answer within ${timeoutMs} ms`]),
    );
    const released: unknown[] = [];
    for (const resolve of comes) {
      resolve({ query: () => never, release: (destroy) => void released.push(destroy) });
    }
    await until(() => released.length === answers.length);
    expect(new Set(released)).toEqual(new Set([undefined]));
  });

  it('is not waited for where a query has no answer, and its connection is closed', async () => {
    const released: unknown[] = [];
    const client = {
      query: () => never,
      release: (destroy?: boolean) => void released.push(destroy),
    };
    const answers = await answersOf({ connect: async () => client });
    expect(new Set(answers)).toEqual(
      new Set([`Error: PostgreSQL did not answer within ${timeoutMs} ms`]),
    );
    expect(released).toEqual(answers.map(() => true));
  });

  it.each([0, 1.5, 3_600_001, '5'])('is waited for 1-3 600 000 ms, and not %s', async (bad) => {
    const pool = { connect: async () => never };
    expect(await codeOf(() => postgresStorage(pool, { timeoutMs: bad as number }))).toBe(
      'invalid_configuration',
    );
  });
});

/** A storage that takes no commits while it is away. */
async function leaving() {
  const core = await openCore({ memory: true }, { milestoneEvery: 0 });
  onTestFinished(() => core.close(async () => undefined));
  const inner = new LogStorage(new SystemAccess(core));
  const state = { isAway: false };
  const storage: ProjectionStorage = {
    open: (of) => inner.open(of),
    load: (of, keys) => inner.load(of, keys),
    list: (of, page) => inner.list(of, page),
    parked: (of) => inner.parked(of),
    drop: () => inner.drop(),
    commit: (of, commit) => {
      if (state.isAway) throw new Error('the database is away');
      return inner.commit(of, commit);
    },
  };
  return { state, storage };
}

describe('states in a storage that is away', () => {
  it('are not listed, and whoever asks is told why, in bounded time', async () => {
    const store = await openStore({ memory: true });
    const { state, storage } = await leaving();
    const handle = await store.projections.start(totals(), { storage });
    state.isAway = true;
    const position = await place(store, 'a', 1);
    await until(async () => (await handle.info()).failure !== null);
    expect((await store.projections.list()).at(-1)).toMatchObject({
      failure: { position: 0, reason: 'the database is away' },
    });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const listing = errorOf(() => handle.list());
    await vi.advanceTimersByTimeAsync(10_001);
    vi.useRealTimers();
    const { code, message } = await listing;
    expect(code).toBe('projection_stopped');
    expect(message).toBe(
      'projection totals: its states were not written within 10000 ms: the database is away',
    );
    state.isAway = false;
    await handle.waitFor(position);
    expect((await handle.list()).states).toHaveLength(1);
  });

  it('are told as not known where that storage was not given', async () => {
    const dataDir = await makeDirectory();
    const { storage } = await leaving();
    const store = await openEventStore({ dataDir });
    const handle = await store.projections.start(totals(), { storage });
    await handle.waitFor(await place(store, 'a', 1));
    await store.close();
    const again = await openStore({ dataDir });
    const info = (await again.projections.list()).at(-1);
    expect(info).toMatchObject({ name: 'totals', status: 'stopped', position: 0 });
    expect(info?.failure?.reason).toMatch(
      /^its states are kept in a storage of their own.*not known/,
    );
  });
});

import { expect, it } from 'vitest';
import { defineReducer } from '../../src/index.js';
import type { EmbeddedStore, JsonObject, StoredEvent } from '../../src/index.js';
import { makeRandom, seedOf } from '../crash/random.js';
import type { Random } from '../crash/random.js';
import { runAndKill } from '../support/killedProcess.js';
import { collect, makeDirectory, openStore } from '../support/store.js';

/** Also the long form: KILL_ROUNDS=300. */
const rounds = Number(process.env['KILL_ROUNDS'] ?? 8);

const total = (events: readonly StoredEvent[]): number =>
  events.reduce((sum, { payload }) => sum + Number((payload as JsonObject)['n']), 0);

const sum = defineReducer<{ total: number }>({
  entityType: 'sum',
  version: 1,
  init: () => ({ total: 0 }),
  on: { 'thing.done': (state, event) => ({ total: state.total + total([event]) }) },
});

/** Each state of an entity, at some versions, is the one that its events make. */
async function check(store: EmbeddedStore, entityId: string, random: Random): Promise<void> {
  const events = await collect(store.read({ entityId }));
  for (const version of [
    events.length,
    ...Array.from({ length: 5 }, () => 1 + random(events.length)),
  ]) {
    const before = events.slice(0, version);
    if (entityId.startsWith('sum-')) {
      const state = { total: total(before) };
      expect((await store.stateOf(sum, entityId, { version })).state).toEqual(state);
      expect((await store.stateOf(sum, entityId)).state).toEqual({ total: total(events) });
    } else {
      const state = Object.assign({}, ...before.map(({ payload }) => payload)) as JsonObject;
      expect((await store.state(entityId, { version })).currentState).toEqual(state);
      const { o } = (await store.state(entityId, { version, merge: 'deep' })).currentState;
      const inner = before.map(({ payload }) => (payload as JsonObject)['o']);
      expect(o).toEqual(Object.assign({}, ...inner));
    }
  }
}

it(
  `has the states that its events make, over ${rounds} kills`,
  async () => {
    const seed = seedOf(process.env['KILL_SEED']);
    const random = makeRandom(seed);
    const dataDir = await makeDirectory();
    for (let round = 0; round < rounds; round += 1)
      await runAndKill(import.meta.url, { dataDir, random, msMax: 400 });
    const store = await openStore({ dataDir, reducers: [sum], snapshots: { automatic: false } });
    const { entities } = await store.entities();
    for (const { entityId } of entities) await check(store, entityId, random);
    const { snapshots } = await store.snapshots.list({ limit: 10_000 });
    console.log(`KILL_SEED=${seed}: ${rounds} kills, ${store.watermark} events and snapshots`);
    expect(snapshots.length).toBeGreaterThan(10);
    expect((await store.verify()).ok).toBe(true);
  },
  60_000 + rounds * 5_000,
);

import { expect, it } from 'vitest';
import type { EmbeddedStore, StoredEvent } from '../../src/index.js';
import { makeRandom, seedOf } from '../crash/random.js';
import { runAndKill } from '../support/killedProcess.js';
import { collect, makeDirectory, openStore } from '../support/store.js';

/** Also the long form: KILL_ROUNDS=300. */
const rounds = Number(process.env['KILL_ROUNDS'] ?? 8);

/** Lets the consumer finish, and gives what it made. */
async function finished(store: EmbeddedStore): Promise<StoredEvent[]> {
  const worker = await store.consumer(
    'billing',
    (event, { append }) => {
      append({ eventType: 'order.billed', entityId: event.entityId, payload: event.position });
    },
    { filter: { eventType: 'order.placed' }, maxAttempts: 1000 },
  );
  const consumer = await store.consumers.get('billing');
  const end = (await store.readPage({ order: 'desc', limit: 1 })).events[0]?.position ?? 0;
  const deadline = performance.now() + 30_000;
  while ((await consumer.info()).cursor < end && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await worker.stop();
  return collect(store.read({ eventType: 'order.billed' }));
}

it(
  `handles each event once, in order for each entity, over ${rounds} kills`,
  async () => {
    const seed = seedOf(process.env['KILL_SEED']);
    const random = makeRandom(seed);
    const dataDir = await makeDirectory();
    for (let round = 0; round < rounds; round += 1)
      await runAndKill(import.meta.url, { dataDir, random, msMax: 600 });
    const store = await openStore({ dataDir });
    const billed = await finished(store);
    const placed = await collect(store.read({ eventType: 'order.placed' }));
    console.log(`KILL_SEED=${seed}: ${rounds} kills, ${placed.length} events`);
    const positions = (events: StoredEvent[]) => events.map(({ position }) => position);
    const sources = billed.map(({ payload }) => Number(payload));
    expect(
      [...sources].sort((a, b) => a - b),
      `KILL_SEED=${seed}`,
    ).toEqual(positions(placed));
    const lastOf = new Map<string, number>();
    for (const { entityId, payload } of billed) {
      expect(Number(payload)).toBeGreaterThan(lastOf.get(entityId) ?? 0);
      lastOf.set(entityId, Number(payload));
    }
  },
  60_000 + rounds * 5_000,
);

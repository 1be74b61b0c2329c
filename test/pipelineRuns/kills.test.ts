// A process whose pipelines derive events is killed again and again: what they derived is what the same
// pipelines give when nothing ever fails. Long form: KILL_ROUNDS=300.
import { expect, it } from 'vitest';
import { pipeline } from '../../src/index.js';
import type { EmbeddedStore, JsonObject, JsonValue, PipelineDefinition } from '../../src/index.js';
import { createMachine } from '../../src/pipelines/index.js';
import { makeRandom, seedOf } from '../crash/random.js';
import { until } from '../projections/support.js';
import { runAndKill } from '../support/killedProcess.js';
import { collect, makeDirectory, openStore } from '../support/store.js';
import { definitions } from './definitions.mjs';

const rounds = Number(process.env['KILL_ROUNDS'] ?? 8);

/** What a pipeline gives for the whole log, in a machine that never stops. */
async function expectedOf(
  store: EmbeddedStore,
  definition: PipelineDefinition,
): Promise<JsonValue[]> {
  const states = new Map<string, JsonObject>();
  const lookup = ({ key }: { key?: string }) => states.get(key ?? '');
  const machine = createMachine(definition, { sources: { lookup: lookup as never } });
  const values: JsonValue[] = [];
  for await (const event of store.read()) {
    const merged = { ...states.get(event.entityId), ...(event.payload as JsonObject) };
    states.set(event.entityId, merged);
    const { emissions } = await machine.process(event);
    values.push(...emissions.map(({ value }) => value));
  }
  return values;
}

it(
  `derives what it would without them, over ${rounds} kills`,
  async () => {
    const seed = seedOf(process.env['KILL_SEED']);
    const random = makeRandom(seed);
    const dataDir = await makeDirectory();
    for (let round = 0; round < rounds; round += 1)
      await runAndKill(import.meta.url, { dataDir, random, msMax: 1200 });
    const store = await openStore({ dataDir });
    const wanted = definitions(pipeline);
    const last = (await store.readPage({ order: 'desc', limit: 1 })).events[0]?.position ?? 0;
    for (const { name } of wanted) {
      await until(async () => (await store.pipelines.get(name)).position >= last);
    }
    let derived = 0;
    for (const definition of wanted) {
      const { output } = definition;
      const eventType = output.type === 'event' ? output.eventType : '';
      const got = await collect(store.read({ eventType }));
      derived += got.length;
      const expected = await expectedOf(store, definition);
      expect(got.map(({ payload }) => payload)).toEqual(expected);
      expect(new Set(got.map(({ id }) => id)).size).toBe(got.length);
    }
    console.log(`KILL_SEED=${seed}: ${rounds} kills, ${last} positions, ${derived} events derived`);
    expect(derived).toBeGreaterThan(rounds);
  },
  60_000 + rounds * 5_000,
);

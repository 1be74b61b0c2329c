// Answers with snapshots are those without, whatever the events are and whenever snapshots were made.
import { expect, it } from 'vitest';
import { defineReducer, openEventStore } from '../../src/index.js';
import type { EmbeddedStore, OpenOptions, StateOptions, StoredEvent } from '../../src/index.js';
import type { SnapshotStore } from '../../src/state/snapshotStore.js';
import { makeRandom, seedOf } from '../crash/random.js';
import type { Random } from '../crash/random.js';
import { collect, line, makeDirectory, textOf } from '../support/store.js';
import { slowState, textOfWritten } from './slowFold.js';
import type { Member, Written } from './slowFold.js';

/** Also the long form: STATE_RUNS=10000. */
const runs = Number(process.env['STATE_RUNS'] ?? 300);

interface Tally {
  events: number;
  sum: number;
  last: string;
  readonly seen: Record<string, number>;
}

function tallyOf(state: Tally, { payload, version }: StoredEvent): Tally {
  state.events += 1;
  state.sum += version;
  state.last = JSON.stringify(payload);
  const kind = payload === null ? 'null' : typeof payload;
  state.seen[kind] = (state.seen[kind] ?? 0) + 1;
  return state;
}

const init = (): Tally => ({ events: 0, sum: 0, last: '', seen: {} });
const reducer = defineReducer<Tally>({
  entityType: 'tally',
  version: 1,
  init,
  on: { 'thing.done': tallyOf },
});

const keys = ['a', 'b', 'key', 'a/b', '__proto__', '', 'ü'];
const scalars = ['null', '1', '1.0', '1e400', '12345678901234567890', '"x"', 'true', '[null,{}]'];

const oneOf = <T>(random: Random, items: readonly [T, ...T[]] | readonly T[]): T => {
  const item = items[random(items.length)];
  if (item === undefined) throw new Error('nothing to choose from');
  return item;
};

/** A key as it may be written: some of it escaped. */
function keyTextOf(random: Random, key: string): string {
  const escape = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const parts = [...key].map((char) => (random(4) === 0 ? escape(char) : char));
  return `"${parts.join('')}"`;
}

function writtenOf(random: Random, depth: number): Written {
  if (depth === 0 || random(3) === 0) return oneOf(random, scalars);
  return Array.from({ length: random(5) }, (): Member => {
    const key = oneOf(random, keys);
    return { key, keyText: keyTextOf(random, key), value: writtenOf(random, depth - 1) };
  });
}

/** One store, the events that were appended to its entities, and the random choices. */
interface Case {
  readonly random: Random;
  readonly payloads: Record<string, Written[]>;
  store: EmbeddedStore;
}

async function appendSome({ random, payloads, store }: Case): Promise<void> {
  const entityId = oneOf(random, Object.keys(payloads));
  const added = Array.from({ length: 1 + random(3) }, () => writtenOf(random, 3));
  const text = added.map((payload) => line(entityId, textOfWritten(payload))).join('\n');
  await store.appendBatch(Buffer.from(text));
  payloads[entityId]?.push(...added);
}

async function makeSnapshot({ random, payloads, store }: Case): Promise<void> {
  const entityId = oneOf(random, Object.keys(payloads));
  if (payloads[entityId]?.length === 0) return;
  // What the store makes by itself, at the moment that the test chooses.
  await (store.snapshots as SnapshotStore).make({
    tenantId: 'default',
    entityId,
    kind: oneOf(random, ['manual', 'automatic', 'ondemand'] as const),
    merge: oneOf(random, ['shallow', 'deep'] as const),
    newEventsMin: random(3),
  });
}

/** Some end, and how many events lie before it. */
function endOf(
  random: Random,
  events: readonly StoredEvent[],
): { end: StateOptions; count: number } {
  const count = 1 + random(events.length);
  const kind = random(3);
  if (kind === 0) return { end: {}, count: events.length };
  if (kind === 1) return { end: { version: count }, count };
  // Between two events, too: there may be a snapshot.
  const asOf = (events[count - 1]?.timestamp ?? 0) + random(3);
  return { end: { asOf }, count: events.filter(({ timestamp }) => timestamp <= asOf).length };
}

async function checkMerged({ random, payloads, store }: Case, entityId: string): Promise<void> {
  const events = await collect(store.read({ entityId }));
  if (events.length === 0) return;
  const { end, count } = endOf(random, events);
  const merge = oneOf(random, ['shallow', 'deep'] as const);
  const historyLimit = random(12);
  const text = textOf(await store.wire.state(entityId, { ...end, merge, historyLimit }));
  const state = slowState((payloads[entityId] ?? []).slice(0, count), merge);
  const shown = Math.min(historyLimit, count);
  expect(text).toContain(`,"version":${count},"current_state":${state},"history":[`);
  const { history } = JSON.parse(text) as { history: { version: number }[] };
  const versions = Array.from({ length: shown }, (_, i) => count - shown + i + 1);
  expect(history.map(({ version }) => version)).toEqual(versions);
}

async function checkReduced({ random, store }: Case, entityId: string): Promise<void> {
  const events = await collect(store.read({ entityId }));
  if (events.length === 0) return;
  const { end, count } = endOf(random, events);
  const state = events.slice(0, count).reduce(tallyOf, init());
  expect(await store.stateOf(reducer, entityId, end)).toMatchObject({ version: count, state });
  const historyLimit = random(12);
  const whole = await store.state(entityId, { ...end, historyLimit });
  expect(whole).toMatchObject({ version: count, currentState: state });
  expect(whole.history).toHaveLength(Math.min(count, historyLimit));
  const bytes = await store.wire.state(entityId, { ...end, historyLimit });
  expect(textOf(bytes)).toContain(`"current_state":${JSON.stringify(state)},"history":[`);
}

async function runCase(number: number, random: Random): Promise<void> {
  const eventThreshold = 2 + random(5);
  const automatic = random(2) === 0;
  const place = number % 25 === 0 ? { dataDir: await makeDirectory() } : { memory: true };
  const options: OpenOptions = {
    ...place,
    durability: 'dataDir' in place ? 'async' : undefined,
    reducers: [reducer],
    snapshots: { automatic, eventThreshold },
  };
  const store = await openEventStore(options);
  const made: Case = { random, payloads: { e: [], 'tally-1': [] }, store };
  for (let step = 0; step < 24; step += 1) {
    if (random(3) === 0) await makeSnapshot(made);
    else await appendSome(made);
    if (random(2) === 0) await checkMerged(made, 'e');
    if (random(2) === 0) await checkReduced(made, 'tally-1');
    if ('dataDir' in place && random(8) === 0) {
      await made.store.close();
      made.store = await openEventStore(options);
    }
  }
  await made.store.close();
}

it(
  `gives the states of a slow fold, over ${runs} stores`,
  async () => {
    const seed = seedOf(process.env['STATE_SEED']);
    console.log(`STATE_SEED=${seed}`);
    for (let number = 0; number < runs; number += 1) {
      try {
        await runCase(number, makeRandom(seed + number));
      } catch (error) {
        throw new Error(`STATE_RUNS=1 STATE_SEED=${seed + number}, store ${number}`, {
          cause: error,
        });
      }
    }
  },
  60_000 + runs * 200,
);

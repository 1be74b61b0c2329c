// The states of projections are those of a fold that is written down here a second time, whatever the events
// are, and however often a projection is paused, stopped, rebuilt, replaced, and its store opened again.
import { rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { defineProjection, openEventStore } from '../../src/index.js';
import type { EmbeddedStore, JsonObject, OpenOptions, ProjectionHandle } from '../../src/index.js';
import { makeRandom, seedOf } from '../crash/random.js';
import type { Random } from '../crash/random.js';
import { makeDirectory } from '../support/store.js';
import { statesOf, until } from './support.js';

/** Also the long form: PROJECTION_RUNS=10000. */
const runs = Number(process.env['PROJECTION_RUNS'] ?? 250);
/** One store of so many is on disk. */
const diskEvery = 10;

interface Written {
  readonly entityId: string;
  readonly eventType: string;
  readonly payload: { readonly n?: number | string; readonly k?: string | number };
}

type States = Record<string, JsonObject>;

function writtenOf(random: Random): Written {
  const kind = random(12);
  return {
    entityId: `e-${random(6)}`,
    eventType: ['made', 'done', 'gone', 'other'][kind < 10 ? kind % 2 : kind - 8] ?? 'made',
    payload: {
      ...(random(6) > 0 && { n: random(20) === 0 ? 'no number' : random(100) - 50 }),
      ...(random(4) > 0 && { k: random(3) === 0 ? random(3) : `k${random(3)}` }),
    },
  };
}

/** As code: sums of what is made and done, times the version; what is gone has no state. */
function codeOf(version: number, byKey: boolean) {
  const add = (state: { sum: number; seen: string[] }, { payload }: { payload: unknown }) => {
    const { n = 0 } = payload as Written['payload'];
    // Changed before it fails, and nothing of that is kept.
    state.seen.push(String(n));
    if (typeof n === 'string') throw new Error('no number');
    state.sum += n * version;
    return state;
  };
  return defineProjection<{ sum: number; seen: string[] }>({
    name: 'code',
    version,
    onError: 'park',
    init: () => ({ sum: 0, seen: [] }),
    on: { made: add, done: add, gone: () => null },
    ...(byKey && {
      key: ({ payload }) => {
        const { k } = payload as Written['payload'];
        return k === undefined ? null : String(k);
      },
    }),
  });
}

function expectedOfCode(events: readonly Written[], version: number, byKey: boolean): States {
  const states = new Map<string, { sum: number; seen: string[] }>();
  for (const { entityId, eventType, payload } of events) {
    const key = byKey ? payload.k?.toString() : entityId;
    if (key === undefined || eventType === 'other') continue;
    if (eventType === 'gone') states.delete(key);
    else if (typeof payload.n !== 'string') {
      const { sum, seen } = states.get(key) ?? { sum: 0, seen: [] };
      const n = payload.n ?? 0;
      // There is no negative zero in JSON.
      states.set(key, { sum: sum + n * version + 0, seen: [...seen, String(n)] });
    }
  }
  return Object.fromEntries(states);
}

function declarationOf(version: number, byKey: boolean) {
  return {
    name: 'declared',
    version,
    sourceEventTypes: version % 2 === 0 ? ['made', 'done'] : [],
    key: byKey ? 'k' : '$entity_id',
    onError: 'park',
    fields: {
      events: { fold: 'count' },
      total: { fold: 'sum', field: 'n' },
      least: { fold: 'min', field: 'n' },
      last: { fold: 'last', field: 'k' },
    },
  } as const;
}

function expectedOfDeclared(events: readonly Written[], version: number, byKey: boolean): States {
  const states: Record<string, JsonObject> = {};
  for (const { entityId, eventType, payload } of events) {
    const { n, k } = payload;
    const key = byKey ? k?.toString() : entityId;
    if (version % 2 === 0 && !['made', 'done'].includes(eventType)) continue;
    // Of an event that a field can't take none is changed.
    if (key === undefined || typeof n === 'string') continue;
    const { events: count = 0, total = 0, least = n, last = k } = states[key] ?? {};
    states[key] = {
      events: Number(count) + 1,
      ...(n === undefined && states[key]?.['total'] === undefined
        ? {}
        : { total: Number(total) + (n ?? 0), least: Math.min(Number(least ?? n), n ?? Infinity) }),
      ...((k ?? last) !== undefined && { last: k ?? last ?? null }),
    };
  }
  return states;
}

class Case {
  readonly #random: Random;
  readonly #options: OpenOptions;
  readonly #events: Written[] = [];
  readonly #byKey: boolean;
  #version = 1;
  #store: EmbeddedStore;
  #handles: ProjectionHandle[] = [];

  private constructor(random: Random, options: OpenOptions, store: EmbeddedStore) {
    this.#random = random;
    this.#options = options;
    this.#byKey = random(2) === 0;
    this.#store = store;
  }

  static async run(random: Random, options: OpenOptions): Promise<void> {
    const one = new Case(random, options, await openEventStore(options));
    try {
      await one.#begin();
      for (let steps = 3 + random(10); steps > 0; steps -= 1) await one.#step();
      await one.#check();
    } finally {
      await one.#store.close();
    }
  }

  /** Also goes on with what was there. */
  async #begin(): Promise<void> {
    const { projections } = this.#store;
    this.#handles = [
      await projections.start(codeOf(this.#version, this.#byKey)),
      await projections.declare(declarationOf(this.#version, this.#byKey)),
    ];
  }

  async #step(): Promise<void> {
    const kind = this.#random(10);
    const handle = this.#handles[this.#random(2)];
    if (kind < 5) await this.#append();
    else if (kind === 5) await handle?.pause();
    else if (kind === 6) for (const one of this.#handles) await one.resume();
    else if (kind === 7) await this.#rebuild(handle);
    else if (kind === 8) await this.#replace();
    else await this.#openAgain();
  }

  async #append(): Promise<void> {
    const added = Array.from({ length: 1 + this.#random(8) }, () => writtenOf(this.#random));
    await this.#store.appendBatch(added);
    this.#events.push(...added);
  }

  async #rebuild(handle: ProjectionHandle | undefined): Promise<void> {
    for (const one of this.#handles) await one.resume();
    // What is appended meanwhile is in it, too.
    const done = handle?.rebuild();
    await this.#append();
    await done;
  }

  async #replace(): Promise<void> {
    for (const one of this.#handles) await one.resume();
    this.#version += 1;
    const [code] = this.#handles;
    await code?.stop();
    await this.#begin();
  }

  async #openAgain(): Promise<void> {
    if (this.#options.memory === true) {
      await this.#handles[0]?.stop();
    } else {
      await this.#store.close();
      this.#store = await openEventStore(this.#options);
    }
    await this.#begin();
  }

  async #check(): Promise<void> {
    for (const one of this.#handles) await one.resume();
    const [code, declared] = this.#handles;
    if (code === undefined || declared === undefined) throw new Error('there are no projections');
    // A newer version is read once it is built.
    const isNew = async (handle: ProjectionHandle) =>
      (await handle.info()).version === this.#version;
    await until(() => isNew(code));
    await until(() => isNew(declared));
    const of = [this.#events, this.#version, this.#byKey] as const;
    expect(await statesOf(this.#store, code)).toEqual(expectedOfCode(...of));
    expect(await statesOf(this.#store, declared)).toEqual(expectedOfDeclared(...of));
  }
}

it(
  `have the states of a fold in ${runs} random cases`,
  async () => {
    const seed = seedOf(process.env['PROJECTION_SEED']);
    console.log(`PROJECTION_SEED=${seed}`);
    for (let run = 0; run < runs; run += 1) {
      const one = (seed + run) >>> 0;
      const dataDir = run % diskEvery === 0 ? await makeDirectory() : undefined;
      try {
        await Case.run(makeRandom(one), dataDir === undefined ? { memory: true } : { dataDir });
      } catch (error) {
        throw new Error(`to repeat it: PROJECTION_RUNS=1 PROJECTION_SEED=${one}`, { cause: error });
      }
      if (dataDir !== undefined) await rm(dataDir, { recursive: true });
    }
  },
  60_000 + runs * 500,
);

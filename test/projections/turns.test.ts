import { describe, expect, it, onTestFinished } from 'vitest';
import { openEventStore } from '../../src/index.js';
import type { EmbeddedStore, ProjectionStorage } from '../../src/index.js';
import { SystemAccess, openCore } from '../../src/eventStore/index.js';
import type { ManagedProjection, ProjectionRegistry } from '../../src/projections/index.js';
import { LogStorage } from '../../src/projections/storage/logStorage.js';
import { makeDirectory, openStore } from '../support/store.js';
import { foldOf, place, statesOf, totals, until } from './support.js';

type Call = keyof ProjectionStorage;

/** A storage that tells of its calls, and does something before them. */
class WatchedStorage {
  readonly calls: [Call, number][] = [];
  before: (call: Call, generation: number) => Promise<void> = async () => undefined;
  readonly storage: ProjectionStorage;

  private constructor(inner: ProjectionStorage) {
    this.storage = {
      open: (of) => this.#told('open', of).then(() => inner.open(of)),
      load: (of, keys) => this.#told('load', of).then(() => inner.load(of, keys)),
      commit: (of, commit) => this.#told('commit', of).then(() => inner.commit(of, commit)),
      list: (of, page) => this.#told('list', of).then(() => inner.list(of, page)),
      parked: (of) => inner.parked(of),
      activate: (of) => this.#told('activate', of),
      drop: (of) => this.#told('drop', of),
      rewrite: (of) => this.#told('rewrite', of),
    };
  }

  static async make(): Promise<WatchedStorage> {
    const core = await openCore({ memory: true }, { milestoneEvery: 0 });
    onTestFinished(() => core.close(async () => undefined));
    return new WatchedStorage(new LogStorage(new SystemAccess(core)));
  }

  generationsOf(call: Call): number[] {
    return this.calls.flatMap(([name, generation]) => (name === call ? [generation] : []));
  }

  async #told(call: Call, { generation }: { readonly generation: number }): Promise<void> {
    this.calls.push([call, generation]);
    await this.before(call, generation);
  }
}

function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** A projection whose rebuild stands still as it compares its states, until the gate is opened. */
async function comparing() {
  const store = await openStore({ memory: true });
  const watched = await WatchedStorage.make();
  const { storage } = watched;
  const handle = await store.projections.start(totals(), { storage });
  for (let i = 0; i < 10; i += 1) await place(store, `o-${i}`, i);
  await handle.waitFor(store.watermark);
  const reached = gate();
  const going = gate();
  watched.before = async (call) => {
    if (call !== 'list') return;
    reached.open();
    await going.opened;
  };
  const rebuilt = handle.rebuild();
  rebuilt.catch(() => undefined);
  await reached.opened;
  return { store, watched, handle, rebuilt, goOn: going.open };
}

function registryOf(store: EmbeddedStore): ProjectionRegistry {
  return store.projections as ProjectionRegistry;
}

async function managedOf(store: EmbeddedStore): Promise<ManagedProjection> {
  const [managed] = await registryOf(store).managed('default');
  if (managed === undefined) throw new Error('there is no projection');
  return managed;
}

function replayOf(store: EmbeddedStore, { isShown }: { readonly isShown: boolean }) {
  return { id: 'r', selection: { goal: store.watermark }, batchEvents: 1, isShown };
}

/** Version 2, which fails as long as it is broken. */
function breakable() {
  const state = { isBroken: true };
  const projection = totals({
    version: 2,
    on: {
      'order.placed': (total) => {
        if (state.isBroken) throw new Error('not yet');
        return { count: total.count + 1, sum: 0 };
      },
    },
  });
  return { projection, state };
}

describe('a start whose states can not be opened', () => {
  it('leaves nothing in the log: of a new projection, and of a newer version', async () => {
    const dataDir = await makeDirectory();
    const store = await openEventStore({ dataDir });
    const watched = await WatchedStorage.make();
    const { storage } = watched;
    watched.before = async (call) => {
      if (call === 'open') throw new Error('not now');
    };
    const started = () => store.projections.start(totals({ name: 'other' }), { storage });
    await expect(started()).rejects.toThrow('not now');
    watched.before = async (call, generation) => {
      if (call === 'open' && generation === 2) throw new Error('not now');
    };
    const handle = await store.projections.start(totals(), { storage });
    const newer = () => store.projections.start(totals({ version: 2 }), { storage });
    await expect(newer()).rejects.toThrow('not now');
    await handle.waitFor(await place(store, 'a', 1));
    expect(await handle.info()).toMatchObject({ status: 'running', version: 1 });
    await store.close();
    const again = await openStore({ dataDir });
    const names = (await again.projections.list()).map(({ name }) => name);
    expect(names).toEqual(['entity_snapshots', 'event_counters', 'totals']);
    const reopened = await again.projections.start(totals(), { storage });
    expect(await reopened.info()).toMatchObject({ status: 'running', version: 1 });
  });
});

describe('while states are compared', () => {
  it('a stop ends the projection for good', async () => {
    const { store, handle, rebuilt, goOn } = await comparing();
    const stopped = handle.stop();
    goOn();
    await stopped;
    await rebuilt.catch(() => undefined);
    const { position } = await handle.info();
    expect((await handle.info()).status).toBe('stopped');
    const placed = await place(store, 'a', 1);
    await expect(handle.waitFor(placed)).rejects.toMatchObject({ code: 'projection_stopped' });
    expect((await handle.info()).position).toBe(position);
  });

  it('a delete ends all runs', async () => {
    const { store, watched, rebuilt, goOn } = await comparing();
    const managed = await managedOf(store);
    const deleted = store.projections.delete('totals');
    goOn();
    await deleted;
    await rebuilt.catch(() => undefined);
    expect(watched.calls.at(-1)?.[0]).toBe('drop');
    expect(managed.describe().status).toBe('stopped');
    await expect(managed.resume()).rejects.toMatchObject({ code: 'projection_stopped' });
    await expect(managed.pause()).rejects.toMatchObject({ code: 'projection_stopped' });
  });

  it('a resume does not start the states of before', async () => {
    const { store, watched, handle, rebuilt, goOn } = await comparing();
    const resumed = handle.resume();
    goOn();
    await resumed;
    expect(await rebuilt).toEqual({ keys: 10, different: [] });
    await handle.waitFor(await place(store, 'a', 1));
    expect(watched.generationsOf('activate')).toEqual([1, 2]);
  });
});

describe('a build', () => {
  it('does not wait for states of before that do not come on', async () => {
    const store = await openStore({ memory: true });
    const watched = await WatchedStorage.make();
    const { storage } = watched;
    const handle = await store.projections.start(totals(), { storage });
    await handle.waitFor(await place(store, 'a', 1));
    watched.before = async (call, generation) => {
      if (call === 'commit' && generation === 1) throw new Error('cut');
    };
    await place(store, 'b', 1);
    await until(async () => (await handle.info()).failure !== null);
    expect(await handle.rebuild()).toEqual({ keys: 0, different: [] });
    expect(await statesOf(store, handle)).toEqual(await foldOf(store, totals()));
  });

  it('goes on where it was paused and resumed at once', async () => {
    const { store, handle, goOn } = await comparing();
    const changed = Promise.all([handle.pause(), handle.resume()]);
    goOn();
    await changed;
    await until(async () => (await handle.info()).status === 'running');
    expect(await statesOf(store, handle)).toEqual(await foldOf(store, totals()));
  });

  it.each([true, false])('that is cancelled at once is cancelled (shown: %s)', async (isShown) => {
    const store = await openStore({ memory: true });
    const handle = await store.projections.start(totals());
    for (let i = 0; i < 50; i += 1) await place(store, 'a', 1);
    await handle.waitFor(store.watermark);
    const managed = await managedOf(store);
    const { done } = await managed.beginBuild({ replay: replayOf(store, { isShown }) });
    done.catch(() => undefined);
    expect(await managed.cancelReplay('r')).toBe(true);
    await expect(done).rejects.toMatchObject({ code: 'projection_stopped' });
    expect(managed.stateOfReplay('r')).toBe('none');
    expect(managed.record).toMatchObject({ building: null, current: { generation: 1 } });
    expect(await statesOf(store, handle)).toEqual(await foldOf(store, totals()));
  });

  it('that a closing store cuts off has not failed', async () => {
    const store = await openEventStore({ memory: true });
    const handle = await store.projections.start(totals());
    const event = { eventType: 'order.placed', entityId: 'a', payload: 1 };
    for (let i = 0; i < 10; i += 1) {
      await store.appendBatch(Array.from({ length: 1000 }, () => event));
    }
    await handle.waitFor(store.watermark);
    // A handler at work keeps the store from coming to its projections.
    const reached = gate();
    const going = gate();
    await store.consumer('slow', async () => {
      reached.open();
      await going.opened;
    });
    await reached.opened;
    const managed = await managedOf(store);
    const { done } = await managed.beginRebuild();
    const closed = store.close();
    await expect(done).rejects.toMatchObject({ code: 'store_closed' });
    expect(managed.describe()).toMatchObject({ failure: null });
    expect(managed.isBuilding).toBe(true);
    going.open();
    await closed;
  });

  it('of a newer version is made plainly where a replay of it is cancelled', async () => {
    const store = await openStore({ memory: true });
    await statesOf(store, await store.projections.start(totals()));
    await place(store, 'a', 1);
    const { projection, state } = breakable();
    const handle = await store.projections.start(projection);
    await until(async () => (await handle.info()).status === 'failed');
    const managed = await managedOf(store);
    const { done } = await managed.beginBuild({ replay: replayOf(store, { isShown: true }) });
    await expect(done).rejects.toThrow('not yet');
    state.isBroken = false;
    expect(await managed.cancelReplay('r')).toBe(true);
    await until(async () => (await handle.info()).version === 2);
    expect(await statesOf(store, handle)).toEqual(await foldOf(store, projection));
  });
});

describe('a projection', () => {
  it('reads on while the states before a rebuild are removed, which is tried again', async () => {
    const store = await openStore({ memory: true });
    const watched = await WatchedStorage.make();
    const { storage } = watched;
    const handle = await store.projections.start(totals(), { storage });
    const going = gate();
    watched.before = async (call) => {
      if (call !== 'drop') return;
      if (watched.generationsOf('drop').length === 1) throw new Error('cut');
      await going.opened;
    };
    await handle.rebuild();
    await until(() => watched.generationsOf('drop').length === 2);
    await handle.waitFor(await place(store, 'a', 1));
    expect(watched.generationsOf('drop')).toEqual([1, 1]);
    going.open();
    await handle.stop();
  });

  it('goes on where its states could not be recorded again', async () => {
    const store = await openStore({ memory: true });
    const watched = await WatchedStorage.make();
    const { storage } = watched;
    const handle = await store.projections.start(totals(), { storage });
    watched.before = async (call) => {
      if (call === 'rewrite') throw new Error('full');
    };
    await expect(registryOf(store).rewrite()).rejects.toThrow('full');
    await handle.waitFor(await place(store, 'a', 1));
  });

  it('that was stopped in a build is not started as its states are recorded again', async () => {
    const { store, handle, goOn } = await comparing();
    const stopped = handle.stop();
    goOn();
    await stopped;
    await registryOf(store).rewrite();
    expect((await handle.info()).status).toBe('stopped');
  });

  it('goes on where the one that was to take its place could not be opened', async () => {
    const store = await openStore({ memory: true });
    const watched = await WatchedStorage.make();
    const { storage } = watched;
    const handle = await store.projections.start(totals(), { storage });
    watched.before = async (call) => {
      if (call === 'open') throw new Error('cut');
    };
    await expect(store.projections.start(totals(), { storage })).rejects.toThrow('cut');
    await handle.waitFor(await place(store, 'a', 1));
  });

  it('writes nothing where the store is read-only', async () => {
    const dataDir = await makeDirectory();
    const first = await openEventStore({ dataDir });
    const watched = await WatchedStorage.make();
    const { storage } = watched;
    const handle = await first.projections.start(totals(), { storage });
    await handle.waitFor(await place(first, 'a', 1));
    await first.projections.get('totals').then((one) => one.stop());
    await place(first, 'a', 2);
    await first.close();
    watched.calls.length = 0;
    const store = await openStore({ dataDir, readOnly: true });
    const read = await store.projections.start(totals(), { storage });
    await read.resume();
    expect((await read.get('a'))?.state).toEqual({ count: 1, sum: 1 });
    expect((await read.list()).states).toHaveLength(1);
    expect((await read.info()).status).toBe('stopped');
    const written = watched.calls.filter(([call]) => !['open', 'load', 'list'].includes(call));
    expect(written).toEqual([]);
  });

  it('that is declared again as it is runs on', async () => {
    const store = await openStore({ memory: true });
    const declaration = { name: 'counts', fields: { count: { fold: 'count' } } } as const;
    const handle = await store.projections.declare(declaration);
    await handle.waitFor(await place(store, 'a', 1));
    const { eventsProcessed } = await handle.info();
    const waiting = handle.waitFor(store.watermark + 1);
    await store.projections.declare(declaration);
    expect((await handle.info()).eventsProcessed).toBe(eventsProcessed);
    await place(store, 'a', 1);
    await waiting;
    await handle.stop();
    await store.projections.declare(declaration);
    await handle.waitFor(await place(store, 'a', 1));
  });
});

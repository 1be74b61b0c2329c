import { describe, expect, it } from 'vitest';
import type { EmbeddedStore, SnapshotInfo, SnapshotListOptions } from '../../src/index.js';
import { codeOf, collect, line, newEvent, take, textOf, wrong } from '../support/store.js';
import type { StoreMode } from '../support/store.js';

const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function appendMany(
  store: EmbeddedStore,
  entityId: string,
  count: number,
  tenantId?: string,
) {
  const payload = (i: number) => ({ i, [`k${i % 5}`]: i, o: { [`n${i % 3}`]: i } });
  await store.appendBatch(
    Array.from({ length: count }, (_, i) => newEvent(entityId, payload(i))),
    { tenantId },
  );
}

async function allSnapshots(
  store: EmbeddedStore,
  options: SnapshotListOptions,
): Promise<SnapshotInfo[]> {
  const all: SnapshotInfo[] = [];
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const page = await store.snapshots.list({ ...options, cursor });
    all.push(...page.snapshots);
    cursor = page.nextCursor;
  }
  return all;
}

function describeMaking(mode: StoreMode): void {
  it('are made when they are asked for, and tell what they are of', async () => {
    const store = await mode.open();
    await appendMany(store, 'e', 7);
    const events = await collect(store.read());
    const { currentState } = await store.state('e');
    const made = await store.snapshots.create('e');
    expect(made).toEqual({
      id: expect.stringMatching(uuidPattern) as string,
      entityId: 'e',
      createdAt: expect.any(Number) as number,
      asOf: events.at(-1)?.timestamp,
      eventCount: 7,
      sizeBytes: JSON.stringify(currentState).length,
      snapshotType: 'manual',
      stateOf: 'shallow',
    });
    expect(made.createdAt).toBeGreaterThanOrEqual(made.asOf);
    expect(await store.snapshots.latest('e')).toEqual({ ...made, state: currentState });
    expect(await store.snapshots.list()).toEqual({ snapshots: [made], nextCursor: null });
    await appendMany(store, 'e', 1);
    const second = await store.snapshots.create('e');
    expect(second).toMatchObject({ eventCount: 8 });
    expect(await store.snapshots.latest('e')).toMatchObject(second);
    expect((await store.snapshots.list()).snapshots).toEqual([second, made]);
  });

  it('are not there before, and of no entity that has no events', async () => {
    const store = await mode.open();
    await appendMany(store, 'e', 1);
    expect(await codeOf(() => store.snapshots.latest('e'))).toBe('snapshot_not_found');
    expect(await codeOf(() => store.snapshots.latest('nobody'))).toBe('snapshot_not_found');
    expect(await codeOf(() => store.snapshots.create('nobody'))).toBe('entity_not_found');
    expect(await store.snapshots.list()).toEqual({ snapshots: [], nextCursor: null });
  });

  it('change no answer', async () => {
    const store = await mode.open();
    await appendMany(store, 'e', 30);
    for (const payload of ['{"n":1e400}', '{"\\u006e":1.0,"big":12345678901234567890}']) {
      await store.appendBatch(Buffer.from(line('e', payload)));
    }
    const optionsOf = (version: number) => [
      { version },
      { version, merge: 'deep', historyLimit: 10 } as const,
    ];
    const versions = [1, 30, 31, 32];
    const read = () =>
      Promise.all(
        versions
          .flatMap(optionsOf)
          .map(async (options) => textOf(await store.wire.state('e', options))),
      );
    const before = await read();
    await store.snapshots.create('e');
    expect(await read()).toEqual(before);
    await store.append(newEvent('e', { later: true }));
    expect(await read()).toEqual(before);
    expect(textOf(await store.wire.state('e', {}))).toContain('"n":1.0,"big":12345678901234567890');
  });

  it('hold states of scalars and of odd names', async () => {
    const store = await mode.open();
    await store.append(newEvent('a/"\\ü', 5));
    await store.snapshots.create('a/"\\ü');
    expect(await store.snapshots.latest('a/"\\ü')).toMatchObject({ state: {}, sizeBytes: 2 });
    expect((await store.state('a/"\\ü')).currentState).toEqual({});
  });

  it('refuse a state of more than 2 MiB', async () => {
    const store = await mode.open();
    for (const name of ['a', 'b', 'c']) {
      await store.append(newEvent('e', { [name]: 'x'.repeat(900_000) }));
    }
    expect(await codeOf(() => store.snapshots.create('e'))).toBe('payload_too_large');
    expect(Object.keys((await store.state('e')).currentState)).toEqual(['a', 'b', 'c']);
  });

  it.each([[''], [' e'], ['x'.repeat(257)], [5]])('refuse the entity %j', async (entityId) => {
    const store = await mode.open();
    const code = await codeOf(() => store.snapshots.create(wrong(entityId)));
    expect(['validation_error', 'invalid_query', 'entity_not_found']).toContain(code);
  });
}

function describeLists(mode: StoreMode): void {
  it('are listed newest first, a page at a time, while others are made', async () => {
    const store = await mode.open();
    const made: SnapshotInfo[] = [];
    for (let i = 0; i < 12; i += 1) {
      await appendMany(store, `e${i % 3}`, 1);
      made.unshift(await store.snapshots.create(`e${i % 3}`));
    }
    for (const limit of [1, 5, 12, 100]) expect(await allSnapshots(store, { limit })).toEqual(made);
    const ofOne = made.filter(({ entityId }) => entityId === 'e1');
    expect(await allSnapshots(store, { entityId: 'e1', limit: 3 })).toEqual(ofOne);
    expect(await allSnapshots(store, { entityId: 'nobody' })).toEqual([]);
    const page = await store.snapshots.list({ limit: 4 });
    await store.snapshots.create('e0');
    const rest = await store.snapshots.list({ limit: 100, cursor: page.nextCursor ?? '' });
    expect(rest.snapshots).toEqual(made.slice(4));
  });

  it('are as many of an entity as the store is told to keep in the list', async () => {
    const store = await mode.open({ snapshots: { perEntityMax: 2 } });
    await appendMany(store, 'a', 1);
    await appendMany(store, 'b', 1);
    const made: SnapshotInfo[] = [];
    for (let i = 0; i < 4; i += 1) made.unshift(await store.snapshots.create('a'));
    const b = await store.snapshots.create('b');
    expect(await allSnapshots(store, {})).toEqual([b, ...made.slice(0, 2)]);
    expect(await allSnapshots(store, { limit: 1 })).toEqual([b, ...made.slice(0, 2)]);
  });

  it.each([
    { limit: 0 },
    { limit: 10_001 },
    { cursor: 'x' },
    { entityId: 5 },
    { tenantId: '$snapshots/default' },
  ])('refuse the list %j', async (options) => {
    const store = await mode.open();
    expect(await codeOf(() => store.snapshots.list(wrong(options)))).toBe('invalid_query');
  });
}

function describeIsolation(mode: StoreMode): void {
  it('are of one tenant, and no other sees or uses them', async () => {
    const store = await mode.open();
    await appendMany(store, 'e', 5);
    await appendMany(store, 'e', 3, 'two');
    const [one, two] = [
      await store.snapshots.create('e'),
      await store.snapshots.create('e', { tenantId: 'two' }),
    ];
    expect([one.eventCount, two.eventCount]).toEqual([5, 3]);
    const tenantId = 'two';
    expect((await store.snapshots.list()).snapshots).toEqual([one]);
    expect((await store.snapshots.list({ tenantId })).snapshots).toEqual([two]);
    expect((await store.snapshots.list({ tenantId: 'three' })).snapshots).toEqual([]);
    expect((await store.snapshots.latest('e', { tenantId })).eventCount).toBe(3);
    const third = () => store.snapshots.latest('e', { tenantId: 'three' });
    expect(await codeOf(third)).toBe('snapshot_not_found');
    await store.append(newEvent('e', { only: 'three' }, { tenantId: 'three' }));
    expect((await store.state('e', { tenantId: 'three' })).currentState).toEqual({ only: 'three' });
    expect((await store.state('e', { tenantId })).version).toBe(3);
  });

  it('lie where no caller reads, lists or appends', async () => {
    const store = await mode.open();
    await appendMany(store, 'e', 2);
    await store.snapshots.create('e');
    const tenantId = '$snapshots/default';
    const reads = [
      () => collect(store.read({ tenantId })),
      () => store.readPage({ tenantId }),
      () => store.state('e', { tenantId }),
      () => store.entities({ tenantId }),
      () => store.eventTypes({ tenantId }),
      () => store.stats({ tenantId }),
      () => store.snapshots.list({ tenantId }),
      () => take(store.subscribe({ tenantId, from: 'beginning' }).events(), 1),
    ];
    for (const read of reads) expect(await codeOf(read)).toBe('invalid_query');
    for (const call of [
      () => store.append(newEvent('e', {}, { tenantId })),
      () => store.appendBatch([newEvent('e')], { tenantId }),
      () => store.snapshots.create('e', { tenantId }),
    ]) {
      expect(['validation_error', 'invalid_query']).toContain(await codeOf(call));
    }
  });

  it('are no events of their tenant: of no count, list, read or subscription', async () => {
    const store = await mode.open();
    await appendMany(store, 'e', 3);
    const look = async () => {
      const { totalEvents, totalEntities, totalEventTypes } = await store.stats({
        tenantId: 'default',
      });
      return {
        totalEvents,
        totalEntities,
        totalEventTypes,
        entities: await store.entities(),
        eventTypes: await store.eventTypes(),
        events: await collect(store.read()),
        version: (await store.state('e')).version,
      };
    };
    const before = await look();
    expect(before).toMatchObject({ totalEvents: 3, totalEntities: 1, totalEventTypes: 1 });
    const seen = take(store.subscribe({ from: 'beginning' }).events(), 4);
    for (let i = 0; i < 3; i += 1) await store.snapshots.create('e');
    expect(await look()).toEqual(before);
    await store.append(newEvent('last', {}, { expectedVersion: 0 }));
    expect((await seen).map(({ entityId }) => entityId)).toEqual(['e', 'e', 'e', 'last']);
  });
}

export function describeSnapshots(mode: StoreMode): void {
  describe('snapshots', () => {
    describeMaking(mode);
    describeLists(mode);
    describeIsolation(mode);
  });
}

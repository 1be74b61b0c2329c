import { describe, expect, it, vi } from 'vitest';
import { openEventStore } from '../../src/index.js';
import type { EmbeddedStore, JsonValue } from '../../src/index.js';
import { LogStorage } from '../../src/projections/storage/logStorage.js';
import { recordIn } from '../support/records.js';
import { codeOf, errorOf, makeDirectory, openStore } from '../support/store.js';
import { place, until } from './support.js';

const counted = { fields: { n: { fold: 'count' as const } } };

function recordOf(name: string, changes: Record<string, JsonValue> = {}): JsonValue {
  const current = { generation: 1, version: 1, isElsewhere: false, after: 0 };
  const declaration = { name, ...counted };
  const record = { tenantId: 'default', name, kind: 'declarative', isPaused: false };
  return { ...record, declaration, current, building: null, ...changes };
}

/** What a record may be that this version can't go on with, and what is told of it. */
const broken: Record<string, readonly [JsonValue, RegExp]> = {
  newer: [recordOf('newer', { kind: 'wasm' }), /^kind: .* got "wasm"; a newer version/],
  fold: [
    recordOf('fold', {
      declaration: { name: 'fold', fields: { n: { fold: 'median', field: 'x' } } },
    }),
    /^fields\.n\.fold: expected one of count/,
  ],
  shape: [recordOf('shape', { current: { version: 1 } }), /^current\.generation: /],
  text: ['states', /^record: expected an object, got text/],
};

async function brokenDirectory(): Promise<string> {
  const dataDir = await makeDirectory();
  const store = await openEventStore({ dataDir });
  const handle = await store.projections.declare({ name: 'sound', ...counted });
  await handle.waitFor(await place(store, 'a', 1));
  await store.close();
  const records = Object.entries(broken).map(([name, [record]]) => [
    `projection/default/${name}`,
    record,
  ]);
  await recordIn(dataDir, 'projection.recorded', Object.fromEntries(records) as never);
  return dataDir;
}

async function expectBroken(store: EmbeddedStore): Promise<void> {
  const infos = await store.projections.list();
  for (const [name, [, reason]] of Object.entries(broken)) {
    const info = infos.find((one) => one.name === name);
    expect(info, name).toMatchObject({ tenantId: 'default', status: 'failed', position: 0 });
    expect(info?.failure?.reason).toMatch(reason);
  }
  const sound = await store.projections.get('sound');
  await sound.waitFor(await place(store, 'a', 1));
  expect(await sound.info()).toMatchObject({ status: 'running', failure: null });
}

describe('a projection whose record can not be used', () => {
  it('is told as failed, and keeps no other one from going on', async () => {
    const store = await openStore({ dataDir: await brokenDirectory() });
    await expectBroken(store);
    const handle = await store.projections.get('newer');
    expect((await handle.info()).failure?.reason).toMatch(/wasm/);
    const calls = [
      () => handle.get('a'),
      () => handle.list(),
      () => handle.waitFor(1),
      () => handle.pause(),
      () => handle.rebuild(),
      () => store.replays.start({ projectionName: 'newer' }),
    ];
    for (const call of calls) {
      const { code, message } = await errorOf(call);
      expect(code).toBe('projection_stopped');
      expect(message).toMatch(/^projection newer can't go on: kind: expected code or declarative/);
    }
    const conflicts = [
      () => store.projections.declare({ name: 'newer', ...counted }),
      () => handle.resume(),
    ];
    for (const call of conflicts) expect(await codeOf(call)).toBe('projection_conflict');
  });

  it('is not lost, nor what belongs to it, when events are dropped, nor over restarts', async () => {
    const dataDir = await brokenDirectory();
    const store = await openEventStore({ dataDir, segmentBytesMax: 64 * 1024 });
    for (let i = 0; i < 100; i += 1) await place(store, 'f', 'x'.repeat(4_000));
    await store.dropBefore(store.watermark);
    expect((await store.stats()).firstPosition).toBe(1);
    await expectBroken(store);
    await store.close();
    await expectBroken(await openStore({ dataDir }));
  });

  it('can be deleted, and one of its name finds nothing of it', async () => {
    const dataDir = await brokenDirectory();
    const store = await openEventStore({ dataDir });
    for (const name of Object.keys(broken)) await store.projections.delete(name);
    const names = (await store.projections.list()).map(({ name }) => name);
    expect(names).toEqual(['entity_snapshots', 'event_counters', 'sound']);
    const made = await store.projections.declare({ name: 'text', ...counted });
    await made.waitFor(store.watermark);
    expect((await made.get('a'))?.state).toEqual({ n: 1 });
    await store.close();
    const again = await openStore({ dataDir });
    const left = (await again.projections.list()).map(({ name }) => name);
    expect(left).toEqual(['entity_snapshots', 'event_counters', 'sound', 'text']);
  });

  it('goes on when it is resumed, where what was wrong has passed', async () => {
    const dataDir = await makeDirectory();
    const store = await openEventStore({ dataDir });
    const handle = await store.projections.declare({ name: 'sound', ...counted });
    await handle.waitFor(await place(store, 'a', 1));
    await store.close();
    const opened = vi.spyOn(LogStorage.prototype, 'open');
    opened.mockRejectedValueOnce(new Error('the disk did not answer'));
    const again = await openStore({ dataDir });
    const known = await again.projections.get('sound');
    opened.mockRestore();
    expect(await known.info()).toMatchObject({
      status: 'failed',
      failure: { position: 0, reason: 'the disk did not answer' },
    });
    await known.resume();
    await known.waitFor(await place(again, 'a', 1));
    expect((await known.get('a'))?.state).toEqual({ n: 2 });
  });

  it('is waited for by a replay of it, which does not fail', async () => {
    const dataDir = await makeDirectory();
    const store = await openEventStore({ dataDir });
    const handle = await store.projections.declare({ name: 'sound', ...counted });
    await handle.waitFor(await place(store, 'a', 1));
    await handle.pause();
    const { replayId } = await store.replays.start({ projectionName: 'sound' });
    await store.close();
    const record = recordOf('sound', { kind: 'wasm' });
    await recordIn(dataDir, 'projection.recorded', { 'projection/default/sound': record });
    const again = await openStore({ dataDir });
    await until(async () => (await again.projections.all())[0]?.status === 'failed');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await again.replays.get(replayId)).toMatchObject({ errorMessage: null });
    await again.projections.delete('sound');
    expect(await again.replays.ended(replayId)).toMatchObject({
      status: 'failed',
      errorMessage: 'projection sound was deleted',
    });
  });
});

import { describe, expect, it, vi } from 'vitest';
import { openEventStore, pipeline } from '../../src/index.js';
import type { EmbeddedStore, JsonValue } from '../../src/index.js';
import { pipelineDocument } from '../../src/pipelineRuns/index.js';
import { PipelineStorage } from '../../src/pipelineRuns/pipelineStorage.js';
import { recordIn } from '../support/records.js';
import { codeOf, collect, errorOf, makeDirectory, openStore } from '../support/store.js';

const counts = pipeline('counts')
  .from('order.*')
  .reduce({ function: 'count' })
  .toEvent({ eventType: 'count.changed' });

function recordOf(id: string, changes: Record<string, JsonValue> = {}): JsonValue {
  const definition = { name: 'named', operators: [{ type: 'median' }] };
  const record = { id, tenantId: 'default', generation: 1, isPaused: false, after: 0 };
  return { ...record, definition, ...changes };
}

const broken: Record<string, readonly [JsonValue, RegExp]> = {
  operator: [recordOf('operator'), /^operators\[0\]\.type: expected/],
  record: [recordOf('record', { after: 'now' }), /^record: expected id, .*a newer version/],
  text: ['none', /^record: expected an object/],
};

async function place(store: EmbeddedStore, payload: JsonValue = null): Promise<void> {
  await store.append({ eventType: 'order.placed', entityId: 'o-1', payload });
}

async function brokenDirectory(): Promise<string> {
  const dataDir = await makeDirectory();
  const store = await openEventStore({ dataDir });
  await store.pipelines.create(counts, { id: 'sound' });
  await place(store);
  await store.close();
  const records = Object.entries(broken).map(([id, [record]]) => [
    `pipeline/default/${id}`,
    record,
  ]);
  await recordIn(dataDir, 'pipeline.recorded', Object.fromEntries(records) as never);
  return dataDir;
}

async function expectBroken(store: EmbeddedStore): Promise<void> {
  const infos = await store.pipelines.list();
  expect(infos.map(({ id }) => id)).toEqual(['operator', 'record', 'sound', 'text']);
  for (const [id, [, reason]] of Object.entries(broken)) {
    const info = await store.pipelines.get(id);
    expect(info).toMatchObject({ id, status: 'failed', definition: null, position: 0 });
    expect(info.failure).toMatch(reason);
    expect(pipelineDocument(info)).toMatchObject({ id, operators: null, status: 'failed' });
  }
  await store.pipelines.flush('sound');
  const before = (await collect(store.read({ eventType: 'count.changed' }))).length;
  await place(store);
  await store.pipelines.flush('sound');
  expect((await collect(store.read({ eventType: 'count.changed' }))).length).toBe(before + 1);
}

describe('a pipeline whose record can not be used', () => {
  it('is told as failed, and keeps no other one from going on', async () => {
    const store = await openStore({ dataDir: await brokenDirectory() });
    await expectBroken(store);
    const { pipelines } = store;
    const calls = [
      () => pipelines.pause('operator'),
      () => pipelines.reset('operator'),
      () => pipelines.resume('operator'),
      () => pipelines.flush('operator'),
      () => pipelines.test('operator', []),
    ];
    for (const call of calls) {
      const { code, message } = await errorOf(call);
      expect(code).toBe('unprocessable');
      expect(message).toMatch(/^pipeline operator can't go on: operators\[0\]\.type/);
    }
    expect(await codeOf(() => pipelines.create(counts, { id: 'operator' }))).toBe(
      'pipeline_exists',
    );
  });

  it('is not lost when events are dropped, nor over restarts', async () => {
    const dataDir = await brokenDirectory();
    const store = await openEventStore({ dataDir, segmentBytesMax: 64 * 1024 });
    for (let i = 0; i < 100; i += 1) await place(store, 'x'.repeat(4_000));
    await store.dropBefore(store.watermark);
    expect((await store.stats()).firstPosition).toBe(1);
    await expectBroken(store);
    await store.close();
    await expectBroken(await openStore({ dataDir }));
  });

  it('can be deleted, and one of its id made anew', async () => {
    const dataDir = await brokenDirectory();
    const store = await openEventStore({ dataDir });
    for (const id of Object.keys(broken)) await store.pipelines.delete(id);
    await store.pipelines.create(counts, { id: 'text', from: 'beginning' });
    await store.pipelines.flush('text');
    await store.close();
    const again = await openStore({ dataDir });
    expect((await again.pipelines.list()).map(({ id }) => id)).toEqual(['sound', 'text']);
    expect((await again.pipelines.get('text')).statistics.processed).toBe(1);
  });

  it('goes on when it is resumed, where what was wrong has passed', async () => {
    const dataDir = await makeDirectory();
    const store = await openEventStore({ dataDir });
    await store.pipelines.create(counts, { id: 'p' });
    await place(store);
    await store.pipelines.flush('p');
    await store.close();
    const read = vi.spyOn(PipelineStorage.prototype, 'read');
    read.mockRejectedValueOnce(new Error('the disk did not answer'));
    const again = await openStore({ dataDir });
    const { status, failure } = await again.pipelines.get('p');
    read.mockRestore();
    expect([status, failure]).toEqual(['failed', 'the disk did not answer']);
    expect(await again.pipelines.resume('p')).toMatchObject({ status: 'running', failure: null });
    await place(again);
    await again.pipelines.flush('p');
    expect((await again.pipelines.get('p')).statistics.processed).toBe(2);
  });
});

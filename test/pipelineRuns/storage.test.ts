import { expect, it, onTestFinished } from 'vitest';
import { EventLines, SystemAccess, openCore } from '../../src/eventStore/index.js';
import { PipelineStorage } from '../../src/pipelineRuns/pipelineStorage.js';
import type { Emission, StateChange } from '../../src/pipelines/index.js';
import { codeOf } from '../support/store.js';
import { failAppend } from './support.js';

/** More than one append takes. */
const many = 50_000;

async function open() {
  const core = await openCore({ memory: true }, { milestoneEvery: 0 });
  onTestFinished(() => core.close(async () => undefined));
  const log = new SystemAccess(core);
  const space = { tenantId: 'default', id: 'p', name: 'p', generation: 1 };
  return { log, make: () => new PipelineStorage(log, { ...space, resultTenants: new Map() }) };
}

const valueOf = (value: number) =>
  Array.from({ length: many }, (_, i): StateChange => ({ key: `k${i}`, value }));

const resultsOf = (value: number) =>
  Array.from({ length: many }, (_, i): Emission => {
    const output = { type: 'event', eventType: 'made', entityId: 'made' } as const;
    return { key: `w${i}`, output, value, orderKey: '', time: 1 };
  });

const checkpoint = (position: number, changes: readonly StateChange[]) => ({
  results: new EventLines(),
  changes,
  position,
});

it('keeps more state than one append takes', async () => {
  const { make } = await open();
  await make().commit(checkpoint(7, valueOf(1)));
  const { position, state } = await make().read();
  expect(position).toBe(7);
  expect(new Map(state).size).toBe(many);
});

it.each([0, 1, 2])('has the state of before where append %i of a write fails', async (behind) => {
  const { make } = await open();
  const before = [
    { key: 'k0', value: 'before' },
    { key: 'k2', value: 'before' },
  ];
  await make().commit(checkpoint(7, before));
  failAppend('appendLines', { behind });
  const torn = [...valueOf(1), { key: 'k2', value: undefined }];
  expect(await codeOf(() => make().commit(checkpoint(9, torn)))).toBe('storage_full');
  const storage = make();
  expect(await storage.read()).toEqual({
    position: 7,
    state: before.map(({ key, value }) => [key, value]),
  });
  // Neither does it come back with the next write.
  await storage.commit(checkpoint(8, [{ key: 'k0', value: 'after' }]));
  const { position, state } = await make().read();
  expect(position).toBe(8);
  expect(new Map(state)).toEqual(
    new Map([
      ['k0', 'after'],
      ['k2', 'before'],
    ]),
  );
});

it('is empty where the first write broke off', async () => {
  const { make } = await open();
  failAppend('appendLines', { behind: 1 });
  await codeOf(() => make().commit(checkpoint(9, valueOf(1))));
  expect(await make().read()).toEqual({ position: undefined, state: [] });
});

it('writes results once, where they are made again of the same and of other answers', async () => {
  const { log, make } = await open();
  const write = (emissions: readonly Emission[], value: string) => {
    const storage = make();
    const results = new EventLines();
    for (const emission of emissions) results.add(storage.textOf(emission));
    return storage.commit({ results, changes: [{ key: 'k', value }], position: 9 });
  };
  failAppend('appendLines', { behind: 1 });
  expect(await codeOf(() => write(resultsOf(1), 'torn'))).toBe('storage_full');
  const { watermark } = log;
  // Some of those that are there, and all that are not.
  const others = [...resultsOf(1).slice(0, watermark - 5), ...resultsOf(2).slice(watermark - 5)];
  await write(others, 'whole');
  const query = { eventType: 'made' };
  expect(await log.countIn(query, { first: 1, last: log.watermark })).toBe(many);
  const atPlaces = await log.eventsAt([watermark, watermark + 1]);
  expect(atPlaces.events.map(({ payload }) => payload)).toEqual([1, 2]);
  expect((await make().read()).state).toEqual([['k', 'whole']]);
});

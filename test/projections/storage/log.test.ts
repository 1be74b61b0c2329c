import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { SystemAccess, openCore } from '../../../src/eventStore/index.js';
import { LogStorage } from '../../../src/projections/storage/logStorage.js';
import { openStore } from '../../support/store.js';
import { place, statesOf, totals } from '../support.js';
import { commitOf, describeStorage, space } from './contract.js';

async function makeStorage(): Promise<LogStorage> {
  const core = await openCore({ memory: true }, { milestoneEvery: 0 });
  onTestFinished(() => core.close(async () => undefined));
  return new LogStorage(new SystemAccess(core));
}

describeStorage('the log', makeStorage);

describe('the states of a log', () => {
  it.each([0, 1])('are of one of two commits that are made at once, from %s on', async (after) => {
    const storage = await makeStorage();
    if (after > 0) await storage.commit(space, commitOf(0, after, {}));
    const commits = [{ a: 1 }, { a: 2 }].map((states) =>
      storage.commit(space, commitOf(after, 3, states)),
    );
    const [first, second] = await Promise.allSettled(commits);
    expect(first?.status).toBe('fulfilled');
    expect(second).toMatchObject({ reason: { name: 'StatesMovedError' } });
    expect(await storage.load(space, ['a'])).toEqual([1]);
    await storage.commit(space, commitOf(3, 4, { a: 3 }));
  });

  it('are committed without a look for the event at their position: no other log has them', async () => {
    const read = vi.spyOn(SystemAccess.prototype, 'bytesAt');
    onTestFinished(() => read.mockRestore());
    const store = await openStore({ memory: true });
    const handle = await store.projections.start(totals());
    for (let i = 0; i < 3; i += 1) {
      await place(store, 'a', i);
      expect(await statesOf(store, handle)).toEqual({
        a: { count: i + 1, sum: (i * (i + 1)) / 2 },
      });
    }
    expect(read).not.toHaveBeenCalled();
  });

  it('are recorded again where they are more than one append takes', async () => {
    const storage = await makeStorage();
    const text = 'x'.repeat(70_000);
    const parked = [1, 2, 3].map((position) => ({ position, reason: 'bad' }));
    for (let i = 0; i < 12; i += 1) {
      const keys = Array.from({ length: 100 }, (_, n) => `k-${i}-${n}`);
      const states = Object.fromEntries(keys.map((key) => [key, text]));
      await storage.commit(space, commitOf(i, i + 1, states, i === 0 ? parked : []));
    }
    await storage.rewrite(space);
    expect(await storage.open(space)).toEqual({ position: 12, parked: 3 });
    expect(await storage.parked(space)).toEqual(parked);
    expect(await storage.load(space, ['k-0-0', 'k-11-99'])).toEqual([text, text]);
    await storage.commit(space, commitOf(12, 13, { 'k-0-0': 'y' }));
  });
});

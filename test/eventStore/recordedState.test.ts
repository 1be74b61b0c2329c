import { describe, expect, it } from 'vitest';
import { RecordedState } from '../../src/eventStore/index.js';

const open = { mustBeOpen: () => undefined };
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('recorded state', () => {
  it('is read again where reading failed, and once where it did not', async () => {
    let reads = 0;
    const state = new RecordedState(open, async () => {
      reads += 1;
      if (reads === 1) throw new Error('the disk');
    });
    await expect(state.inTurn(async () => 'never')).rejects.toThrow('the disk');
    expect(await state.inTurn(async () => 'done')).toBe('done');
    await Promise.all([state.load(), state.load()]);
    expect(reads).toBe(2);
  });

  it('is loaded before it is changed, by one change after the other', async () => {
    const seen: string[] = [];
    const state = new RecordedState(open, async () => {
      await nextTurn();
      seen.push('loaded');
    });
    const change = (name: string) =>
      state.inTurn(async () => {
        seen.push(`${name} begins`);
        await nextTurn();
        seen.push(`${name} ends`);
        if (name === 'a') throw new Error('refused');
      });
    const [a] = await Promise.allSettled([change('a'), change('b')]);
    expect(a.status).toBe('rejected');
    expect(seen).toEqual(['loaded', 'a begins', 'a ends', 'b begins', 'b ends']);
  });
});

import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { linkSignals } from '../../src/domain/index.js';

it('a linked signal aborts with any of the others, and leaves nothing in them', () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const signals = [first.signal, second.signal];
  const listeners = (): number[] => signals.map((one) => getEventListeners(one, 'abort').length);
  const ended = linkSignals(signals);
  const aborted = linkSignals(signals);
  expect([ended.signal.aborted, listeners()]).toEqual([false, [2, 2]]);
  ended.release();
  expect([ended.signal.aborted, aborted.signal.aborted, listeners()]).toEqual([
    false,
    false,
    [1, 1],
  ]);
  second.abort();
  expect([aborted.signal.aborted, listeners()]).toEqual([true, [0, 0]]);
  expect([linkSignals(signals).signal.aborted, listeners()]).toEqual([true, [0, 0]]);
});

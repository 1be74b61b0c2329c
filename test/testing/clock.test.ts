import { describe, expect, it } from 'vitest';
import { testClock } from '../../src/testing/index.js';
import { errorOf, openStore, wrong } from '../support/store.js';

describe('testClock', () => {
  it('stands still until it is turned', () => {
    const clock = testClock('2026-03-01T12:00:00Z');
    expect(clock.now()).toBe(Date.UTC(2026, 2, 1, 12) * 1000);
    clock.advance({ minutes: 1.5 });
    expect(clock.now()).toBe(Date.UTC(2026, 2, 1, 12, 1, 30) * 1000);
    clock.set('2026-03-02T00:00:00Z');
    expect(clock.now()).toBe(Date.UTC(2026, 2, 2) * 1000);
    clock.set(clock.now() + 1);
    expect(testClock().now()).toBe(Date.UTC(2026, 0, 1) * 1000);
  });

  it('refuses to go back, and what is no time', async () => {
    const clock = testClock();
    const back = await errorOf(() => clock.set('2025-12-31T23:59:59Z'));
    expect(back.message).toMatch(/^time: .* is before .*; the time of a log never goes back$/);
    for (const time of ['now', 1.5, -1, wrong(null)]) {
      expect((await errorOf(() => clock.set(time))).message).toMatch(/^time: expected /);
    }
    for (const by of [{}, { minutes: -1 }, { weeks: 1 }, { hours: 1, minutes: 1 }]) {
      const error = await errorOf(() => clock.advance(wrong(by)));
      expect(error.message).toMatch(/^by: expected as \{ minutes: 5 \}/);
    }
    expect(clock.now()).toBe(Date.UTC(2026, 0, 1) * 1000);
  });

  it('makes time travel testable without waiting', async () => {
    const clock = testClock();
    const store = await openStore({ memory: true, clock });
    const order = { eventType: 'order.changed', entityId: 'order-1' };
    await store.append({ ...order, payload: { total: 42 } });
    clock.advance({ days: 30 });
    await store.append({ ...order, payload: { total: 0 } });
    const before = await store.state('order-1', { asOf: '2026-01-15T00:00:00Z' });
    expect(before.currentState).toEqual({ total: 42 });
  });
});

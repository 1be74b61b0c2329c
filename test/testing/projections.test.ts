import { describe, expect, it } from 'vitest';
import { defineProjection } from '../../src/index.js';
import type { JsonObject } from '../../src/index.js';
import { given, like } from '../../src/testing/index.js';
import type { OrderEvent } from '../deciders/order.js';
import { messageOf } from './support.js';

const totals = (onError: 'stop' | 'park' | 'retry' = 'stop') =>
  defineProjection<{ total: number; last: number }, OrderEvent>({
    name: 'totals',
    version: 1,
    init: () => ({ total: 0, last: 0 }),
    key: (event) => (event.eventType === 'order.placed' ? event.payload.customer : null),
    onError,
    on: {
      'order.placed': ({ total }, { payload, timestamp }) => {
        if (payload.total === 13) throw new Error('no thirteen');
        const sum = total + payload.total;
        return sum === 0 ? null : { total: sum, last: timestamp };
      },
    },
  });

const place = (customer: string, total: number, at?: string) =>
  ({
    eventType: 'order.placed',
    entityId: 'order-1',
    payload: { customer, total },
    at,
  }) as const;

const begin = 1_767_225_600_000_000;

describe('project', () => {
  it('gives the states that the projection makes in a store', async () => {
    const scenario = given<OrderEvent>(place('Ada', 1), place('Bea', 2), place('Ada', 3)).project(
      totals(),
    );
    await scenario.thenState('Ada', { total: 4, last: begin + 2_000_000 });
    await scenario.thenState('Bea', like({ total: 2 }));
    await scenario.thenNoState('Cid');
    await scenario.thenStates({ Ada: like({ total: 4 }), Bea: like({ total: 2 }) });
  });

  it('gives events the times that are told', async () => {
    await given<OrderEvent>(place('Ada', 1, '2026-03-01T12:00:00Z'), place('Bea', 2))
      .project(totals())
      .thenState('Bea', { total: 2, last: Date.UTC(2026, 2, 1, 12, 0, 1) * 1000 });
  });

  it('takes declared ones, and removed keys', async () => {
    const declared = {
      name: 'sums',
      sourceEventTypes: ['order.placed'],
      key: 'customer',
      fields: { sum: { fold: 'sum', field: 'total' } },
    } as const;
    const events = [place('Ada', 4), place('Ada', -4)];
    await given<OrderEvent>(...events)
      .project(declared)
      .thenStates({ Ada: { sum: 0 } });
    await given<OrderEvent>(...events)
      .project(totals())
      .thenNoState('Ada');
    await given<OrderEvent>().project(totals()).thenStates({});
  });

  it('lists more states than a page has', async () => {
    const events = Array.from({ length: 1200 }, (_, i) => place(`c${i}`, 1));
    const states = Object.fromEntries(events.map((_, i) => [`c${i}`, like<never>({ total: 1 })]));
    await given<OrderEvent>(...events)
      .project(totals())
      .thenStates(states);
  });
});

describe('a check of a projection', () => {
  const scenario = given<OrderEvent>(place('Ada', 1), place('Bea', 2)).project(totals());
  const title = 'given 2 events, projection totals: ';

  it('tells what of a state is different', async () => {
    expect(await messageOf(scenario.thenState('Ada', like({ total: 5 })))).toBe(
      `${title}the state of "Ada" is not as expected\n  total: expected 5, got 1`,
    );
  });

  it('tells which keys there are where there is no state', async () => {
    expect(await messageOf(scenario.thenState('Cid', like({ total: 5 })))).toBe(
      `${title}the state of "Cid" is not as expected\n` +
        '  expected like({"total":5}), got nothing\n  keys with a state: "Ada", "Bea"',
    );
    expect(await messageOf(given().project(totals()).thenState('Cid', like({})))).toMatch(
      /\n {2}no key has a state$/,
    );
  });

  it('tells of a state that should not be', async () => {
    expect(await messageOf(scenario.thenNoState('Ada'))).toBe(
      `${title}expected no state of "Ada", got {"total":1,"last":${begin}}`,
    );
    expect(await messageOf(scenario.thenStates({ Ada: like({ total: 1 }) }))).toMatch(
      /: the states are not as expected\n {2}Bea: expected nothing, got \{"total":2,/,
    );
  });

  it('tells at which event it failed', async () => {
    const failing = given<OrderEvent>(place('Ada', 1), place('Bea', 13)).project(totals());
    await failing.thenFails();
    await failing.thenFails(/no thirteen/);
    expect(await messageOf(failing.thenState('Ada', like({})))).toBe(
      `${title}it failed at given event 2: order.placed: no thirteen`,
    );
    expect(await messageOf(failing.thenFails(/fourteen/))).toBe(
      `${title}expected it to fail with /fourteen/, it failed otherwise: order.placed: no thirteen`,
    );
    expect(await messageOf(scenario.thenFails(/x/))).toBe(
      `${title}expected it to fail with /x/, but it did not`,
    );
    await given<OrderEvent>(place('Ada', 13))
      .project(totals('retry'))
      .thenFails(/no thirteen/);
  });

  it('tells which events were left out, and why', async () => {
    const events = [place('Ada', 13), place('Ada', 2), place('Bea', 13)];
    const parked = given<OrderEvent>(...events).project(totals('park'));
    await parked.thenParked(1, 3);
    await parked.thenStates({ Ada: like({ total: 2 }) });
    await scenario.thenParked();
    expect(await messageOf(parked.thenParked(1))).toBe(
      'given 3 events, projection totals: other events were left out than expected\n' +
        '  [1]: expected nothing, got "given event 3"\n' +
        '  given event 1: order.placed: no thirteen\n  given event 3: order.placed: no thirteen',
    );
  });

  it('is refused states that can not be kept', async () => {
    const dates = defineProjection<JsonObject>({
      name: 'dates',
      version: 1,
      init: () => ({}),
      on: { 'order.placed': () => ({ at: new Date() }) as never },
    });
    await given(place('Ada', 1)).project(dates).thenFails(/JSON/);
  });
});

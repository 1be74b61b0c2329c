import { describe, expect, expectTypeOf, it } from 'vitest';
import { anything, given, like } from '../../src/testing/index.js';
import { OrderError, order } from '../deciders/order.js';
import type { OrderCommand, OrderEvent } from '../deciders/order.js';
import { errorOf, wrong } from '../support/store.js';
import { failureOf, messageOf } from './support.js';

const placed: OrderEvent = { eventType: 'order.placed', payload: { customer: 'Ada', total: 42 } };
const paid: OrderEvent = { eventType: 'order.paid', payload: { cents: 42 } };
const pay: OrderCommand = { type: 'pay', cents: 42 };
const ship: OrderCommand = { type: 'ship', carrier: 'post' };

describe('thenEvents', () => {
  it('passes where exactly these events came', async () => {
    await given(order, placed).when(pay).thenEvents(paid);
    const shipped: OrderEvent = { eventType: 'order.shipped', payload: { carrier: 'post' } };
    await given(order, placed, paid)
      .when(ship)
      .thenEvents({ eventType: 'order.paid', payload: { cents: 0 } }, shipped);
  });

  it('tells each difference, with its place', async () => {
    const check = given(order, placed).when({ type: 'pay', cents: 40 }).thenEvents(paid);
    const error = await failureOf(check);
    expect(error.message).toBe(
      'given 1 event, when {"type":"pay","cents":40}: event 1 of 1 is not as expected\n' +
        '  event 1.payload.cents: expected 42, got 40',
    );
    expect(error.actual).toEqual({ 'event 1': { ...paid, payload: { cents: 40 } } });
    expect(error.expected).toEqual({ 'event 1': paid });
    expect(error.code).toBe('ERR_ASSERTION');
  });

  it('names the one that differs among several', async () => {
    const shipped: OrderEvent = { eventType: 'order.shipped', payload: { carrier: 'ship' } };
    expect(await messageOf(given(order, placed).when(ship).thenEvents(paid, shipped))).toBe(
      'given 1 event, when {"type":"ship","carrier":"post"}: event 2 of 2 is not as expected\n' +
        '  event 2.payload.carrier: expected "ship", got "post"',
    );
  });

  it('tells of too many and too few', async () => {
    expect(await messageOf(given(order, placed).when(ship).thenEvents(paid))).toBe(
      'given 1 event, when {"type":"ship","carrier":"post"}: expected 1 event, got 2 events ' +
        '(order.paid, order.shipped)\n' +
        '  event 2: expected nothing, got {"eventType":"order.shipped","payload":{"carrier":"post"}}',
    );
    expect(await messageOf(given(order, placed).when(pay).thenEvents(paid, placed))).toMatch(
      /expected 2 events, got 1 event \(order.paid\)\n {2}event 2: expected \{.*\}, got nothing$/,
    );
  });

  it('tells of the error where the command was refused', async () => {
    const error = await failureOf(given(order).when(pay).thenEvents(paid));
    expect(error.message).toBe(
      'given no events, when {"type":"pay","cents":42}: expected 1 event, ' +
        'got an error: OrderError: nothing is due',
    );
    expect(error.cause).toBeInstanceOf(OrderError);
  });

  it('compares tags and metadata where they are named', async () => {
    const shipped = { eventType: 'order.shipped', payload: { carrier: 'post' } } as const;
    const scenario = given(order, placed, paid).when(ship);
    await scenario.thenEvents(like({ eventType: 'order.paid' }), { ...shipped, tags: ['shipped'] });
    const other = { ...shipped, tags: ['sent'], metadata: null };
    expect(await messageOf(scenario.thenEvents(like({}), other))).toMatch(
      /event 2\.tags\[0\]: expected "sent", got "shipped"$/,
    );
  });

  it('takes matchers, ours and those of the runner', async () => {
    const scenario = given(order).when({ type: 'place', customer: 'Ada', total: 42 });
    const eventType = 'order.placed';
    await scenario.thenEvents({ eventType, payload: like({ total: 42 }) });
    await scenario.thenEvents({ eventType, payload: anything() });
    await scenario.thenEvents({ eventType, payload: expect.objectContaining({ total: 42 }) });
    const even = anything<number>((total) => total % 2 === 0);
    await scenario.thenEvents({ eventType, payload: { customer: anything(), total: even } });
    const odd = anything<number>((total) => total % 2 === 1);
    const check = scenario.thenEvents({ eventType, payload: { customer: 'Ada', total: odd } });
    expect(await messageOf(check)).toMatch(
      /event 1\.payload\.total: expected anything\(\), got 42$/,
    );
    const error = await failureOf(scenario.thenEvents({ eventType, payload: like({ total: 1 }) }));
    expect(error.message).toMatch(/\n {2}event 1\.payload\.total: expected 1, got 42$/);
    // Only what differs is in a diff of the two.
    expect(error.expected).toEqual({
      'event 1': { eventType, payload: { customer: 'Ada', total: 1 } },
    });
  });
});

describe('thenNothing', () => {
  it('passes where nothing was appended', async () => {
    await given(order, placed).when(ship).thenEvents(anything(), anything());
    const shipped: OrderEvent = { eventType: 'order.shipped', payload: { carrier: 'post' } };
    await given(order, placed, paid, shipped).when(ship).thenNothing();
  });

  it('fails where something was, or the command was refused', async () => {
    expect(await messageOf(given(order, placed).when(pay).thenNothing())).toMatch(
      /: expected no events, got 1 event \(order\.paid\)\n {2}event 1: expected nothing, got \{/,
    );
    expect(await messageOf(given(order).when(pay).thenNothing())).toMatch(
      /: expected no events, got an error: OrderError: nothing is due$/,
    );
  });
});

describe('thenThrows', () => {
  const scenario = given(order).when(pay);

  it('passes for any error, a class, a message and members', async () => {
    await scenario.thenThrows();
    await scenario.thenThrows(OrderError);
    await scenario.thenThrows(/nothing is due/);
    await scenario.thenThrows({ code: 'not-due', message: like('nothing is due') });
  });

  it('fails for another class, message or member, and names both', async () => {
    const title = 'given no events, when {"type":"pay","cents":42}: ';
    const got = 'got OrderError: nothing is due';
    expect(await messageOf(scenario.thenThrows(TypeError))).toBe(
      `${title}expected TypeError, ${got}`,
    );
    expect(await messageOf(scenario.thenThrows(/paid/))).toBe(
      `${title}expected an error with /paid/, ${got}`,
    );
    expect(await messageOf(scenario.thenThrows({ code: 'x' }))).toBe(
      `${title}expected an error with code "x", not "not-due", ${got}`,
    );
  });

  it('fails where the command was taken, and shows what came of it', async () => {
    expect(await messageOf(given(order, placed).when(pay).thenThrows())).toBe(
      'given 1 event, when {"type":"pay","cents":42}: expected an error, got 1 event\n' +
        '  {"eventType":"order.paid","payload":{"cents":42}}',
    );
  });
});

describe('thenState', () => {
  it('passes for the state behind the command, and before one that was refused', async () => {
    await given(order, placed).when(pay).thenState({ status: 'paid', total: 42, paid: 42 });
    await given(order).when(pay).thenState({ status: 'new', total: 0, paid: 0 });
  });

  it('tells what is different', async () => {
    const check = given(order, placed)
      .when(pay)
      .thenState(like({ status: 'shipped' }));
    expect(await messageOf(check)).toBe(
      'given 1 event, when {"type":"pay","cents":42}: the state is not as expected\n' +
        '  status: expected "shipped", got "paid"',
    );
  });
});

describe('given a decider', () => {
  it('handles the command once, however much is asked of it', async () => {
    let decided = 0;
    const counting = {
      ...order,
      decide: (command: OrderCommand, state: Parameters<typeof order.decide>[1]) => {
        decided += 1;
        return order.decide(command, state);
      },
    };
    const scenario = given(counting, placed).when(pay);
    expect(decided).toBe(0);
    await scenario.thenEvents(paid);
    await scenario.thenState(like({ status: 'paid' }));
    expect(decided).toBe(1);
  });

  it('knows events of other entities, and does not count them', async () => {
    await given(order, { ...placed, entityId: 'order-2' })
      .when(pay)
      .thenThrows(/nothing is due/);
    await given(order, { ...placed, entityId: 'order-1' })
      .when(pay, { entityId: 'order-1' })
      .thenEvents(paid);
  });

  it('says what of the given events is wrong', async () => {
    const bad = { eventType: 'Order placed', payload: {} };
    const refused = await errorOf(() => given(order, placed, wrong(bad)).when(pay).thenNothing());
    expect(refused.message).toMatch(/^given event 2: eventType: only lower-case/);
    const array = await errorOf(() =>
      given(order, wrong([placed]))
        .when(pay)
        .thenNothing(),
    );
    expect(array.message).toBe(
      'given event 1: expected an event, got an array; give it as ...events',
    );
    const backwards = given(
      order,
      { ...placed, at: '2026-03-01T12:00:00Z' },
      { ...paid, at: '2026-03-01T11:59:59Z' },
    );
    expect((await errorOf(() => backwards.when(ship).thenNothing())).message).toBe(
      'given event 2: at: 2026-03-01T11:59:59.000000Z is before 2026-03-01T12:00:00.000000Z; ' +
        'the time of a log never goes back',
    );
  });

  it('handles a command of a known id as production does', async () => {
    const twice = given(order, placed).when(pay, { commandId: 'c' });
    await twice.thenEvents(paid);
  });

  it('knows the types of commands, events and states', () => {
    const history = given(order, placed);
    expectTypeOf(history.when).parameter(0).toEqualTypeOf<OrderCommand>();
    const scenario = history.when(pay);
    expectTypeOf(scenario.thenState).parameter(0).toEqualTypeOf<ReturnType<typeof order.init>>();
    // @ts-expect-error: no event of an order
    given(order, { eventType: 'order.eaten', payload: {} });
    // @ts-expect-error: the payload of another event
    void (() => scenario.thenEvents({ eventType: 'order.paid', payload: { carrier: 'post' } }));
  });
});

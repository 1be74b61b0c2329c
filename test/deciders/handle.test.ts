import { describe, expect, expectTypeOf, it } from 'vitest';
import { connect } from '../../src/client/index.js';
import { AppendConditionError, VersionConflictError } from '../../src/index.js';
import { defineDecider, handle, openEventStore } from '../../src/index.js';
import type { Decider, EmbeddedStore, HandledCommand } from '../../src/index.js';
import { listen } from '../../src/server/index.js';
import { codeOf, collect, errorOf, makeDirectory, openStore, wrong } from '../support/store.js';
import { OrderError, order } from './order.js';
import type { Order, OrderCommand, OrderEvent } from './order.js';

const open = (): Promise<EmbeddedStore> => openStore({ memory: true });
const place: OrderCommand = { type: 'place', customer: 'Ada', total: 42 };

/** Counts to a limit; each command is an event. */
const counter = defineDecider({
  entityType: 'counter',
  version: 1,
  init: (): number => 0,
  decide: (by: number): { eventType: 'counter.raised'; payload: { by: number } }[] => [
    { eventType: 'counter.raised', payload: { by } },
  ],
  on: { 'counter.raised': (state, { payload }) => state + payload.by },
});

describe('defineDecider', () => {
  it('refuses a definition without a function to decide', () => {
    const bad = { entityType: 'a', version: 1, init: () => 0, on: {}, decide: wrong('x') };
    expect(() => defineDecider(bad)).toThrow('decider: decide: expected a function, got string');
  });

  it('refuses what a reducer refuses', () => {
    const bad = { entityType: 'A b', version: 1, init: () => 0, on: {}, decide: () => [] };
    expect(() => defineDecider(bad)).toThrow('reducer: entityType');
  });

  it('knows commands, states and events, told or inferred', () => {
    expectTypeOf(order).toEqualTypeOf<Decider<Order, OrderCommand, OrderEvent>>();
    type Raised = { eventType: 'counter.raised'; payload: { by: number } };
    expectTypeOf(counter).toEqualTypeOf<Decider<number, number, Raised>>();
  });

  it('tells of a decision that gave nothing', () => {
    const forgetful = defineDecider<number, null>({
      entityType: 'a',
      version: 1,
      init: () => 0,
      on: {},
      decide: () => wrong(undefined),
    });
    expect(() => forgetful.decide(null, 0)).toThrow(
      'decider a: decide: expected an array of events, [] where there is nothing to do, got undefined',
    );
  });
});

describe('handle', () => {
  it('appends what is decided, at the version that was decided on', async () => {
    const store = await open();
    const placed = await handle(store, order, 'order-1', place);
    expect(placed).toEqual({
      events: [{ eventType: 'order.placed', payload: { customer: 'Ada', total: 42 } }],
      version: 1,
      position: 1,
      deduplicated: false,
    });
    const shipped = await handle(store, order, 'order-1', { type: 'ship', carrier: 'post' });
    expect(shipped).toMatchObject({ version: 3, position: 3 });
    const events = await collect(store.read({ entityId: 'order-1' }));
    expect(events.map(({ eventType, tags }) => [eventType, tags])).toEqual([
      ['order.placed', []],
      ['order.paid', []],
      ['order.shipped', ['shipped']],
    ]);
    expect((await store.stateOf(order, 'order-1')).state.status).toBe('shipped');
  });

  it('rejects with what the decider throws, and writes nothing', async () => {
    const store = await open();
    await expect(handle(store, order, 'order-1', { type: 'pay', cents: 1 })).rejects.toThrow(
      OrderError,
    );
    expect(store.watermark).toBe(0);
  });

  it('writes nothing where nothing is decided', async () => {
    const store = await open();
    await handle(store, order, 'order-1', place);
    await handle(store, order, 'order-1', { type: 'ship', carrier: 'post' });
    const again = await handle(store, order, 'order-1', { type: 'ship', carrier: 'post' });
    expect(again).toEqual({ events: [], version: 3, position: 0, deduplicated: false });
  });

  it('decides anew where somebody was faster, until all have had their turn', async () => {
    const store = await open();
    const options = { retriesMax: 1000 };
    const all = Array.from({ length: 40 }, () => handle(store, counter, 'counter-1', 1, options));
    const versions = (await Promise.all(all)).map(({ version }) => version);
    expect(versions.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    expect((await store.stateOf(counter, 'counter-1')).state).toBe(40);
  });

  it('rejects with the conflict where somebody is faster each time', async () => {
    const store = await open();
    let decided = 0;
    const overtaken: Pick<EmbeddedStore, 'appendBatch' | 'getEvent' | 'stateOf'> = {
      appendBatch: async (events, options) => {
        decided += 1;
        await store.append({ eventType: 'counter.raised', entityId: 'counter-1', payload: {} });
        return store.appendBatch(events, options);
      },
      getEvent: store.getEvent.bind(store),
      stateOf: store.stateOf.bind(store),
    };
    const failing = handle(overtaken, counter, 'counter-1', 1, { retriesMax: 3 });
    await expect(failing).rejects.toThrow(VersionConflictError);
    expect(decided).toBe(4);
  });

  it('lets no command pass while an event is there that must not be', async () => {
    const store = await open();
    await store.append({ eventType: 'shop.closed', entityId: 'shop', payload: {} });
    const failIfEventsMatch = { eventTypes: ['shop.closed'] };
    const refused = handle(store, order, 'order-1', place, { failIfEventsMatch });
    await expect(refused).rejects.toThrow(AppendConditionError);
    const taken = await handle(store, order, 'order-1', place, { failIfEventsMatch, after: 1 });
    expect(taken.version).toBe(1);
  });

  it('keeps tenants apart, and gives its metadata to each event', async () => {
    const store = await open();
    const options = { tenantId: 'acme', metadata: { by: 'Ada' } };
    await handle(store, order, 'order-1', place, options);
    const [event] = await collect(store.read({ tenantId: 'acme' }));
    expect(event?.metadata).toEqual({ by: 'Ada' });
    expect((await handle(store, order, 'order-1', place)).version).toBe(1);
  });

  it('ends where its caller gave up', async () => {
    const store = await open();
    const signal = AbortSignal.abort();
    const code = codeOf(() => handle(store, order, 'order-1', place, { signal }));
    expect(await code).toBe('aborted');
  });

  it('works over a server as in the process', async () => {
    const store = await open();
    const server = await listen(store, { port: 0 });
    const client = connect<OrderEvent>(server.url);
    try {
      await handle(client, order, 'order-1', place);
      const options = { commandId: 'pay' };
      const pay = { type: 'pay', cents: 42 } as const;
      const first = await handle(client, order, 'order-1', pay, options);
      const again = await handle(client, order, 'order-1', pay, options);
      expect([first.version, again.version, again.deduplicated]).toEqual([2, 2, true]);
    } finally {
      await client.close();
      await server.close();
    }
  });

  it('takes a decider of events that the store does not have for a mistake', async () => {
    const store = await openEventStore<OrderEvent>({ memory: true });
    // @ts-expect-error: counter.raised is none of the events of the store
    await handle(store, counter, 'counter-1', 1);
    // @ts-expect-error: no command of an order
    await handle(store, order, 'order-1', { type: 'eat' }).catch(() => undefined);
    const handled = await handle(store, order, 'order-1', place);
    expectTypeOf(handled).toEqualTypeOf<HandledCommand<OrderEvent>>();
    await store.close();
  });
});

describe('a command with an id', () => {
  const pay: OrderCommand = { type: 'pay', cents: 42 };

  it('is handled once, however often it comes', async () => {
    const store = await open();
    await handle(store, order, 'order-1', place, { commandId: 'c1' });
    const first = await handle(store, order, 'order-1', pay, { commandId: 'c2' });
    const again = await handle(store, order, 'order-1', pay, { commandId: 'c2' });
    expect(again).toMatchObject({ ...first, deduplicated: true });
    expect(store.watermark).toBe(2);
  });

  it('gives all of its events again, after a restart too', async () => {
    const dataDir = await makeDirectory();
    const store = await openEventStore({ dataDir });
    await handle(store, order, 'order-1', place);
    const ship: OrderCommand = { type: 'ship', carrier: 'post' };
    const first = await handle(store, order, 'order-1', ship, { commandId: 'c' });
    await store.append({ eventType: 'order.noted', entityId: 'order-1', payload: {} });
    await store.close();
    const again = await openStore({ dataDir });
    const second = await handle(again, order, 'order-1', ship, { commandId: 'c' });
    expect(second.events.map(({ eventType }) => eventType)).toEqual([
      'order.paid',
      'order.shipped',
    ]);
    expect(second).toMatchObject({ version: first.version, position: first.position });
  });

  it('is handled once where it comes many times at a time', async () => {
    const store = await open();
    await handle(store, order, 'order-1', place);
    const all = Array.from({ length: 20 }, () =>
      handle(store, order, 'order-1', pay, { commandId: 'c' }),
    );
    const handled = await Promise.all(all);
    expect(new Set(handled.map(({ version }) => version))).toEqual(new Set([2]));
    expect(store.watermark).toBe(2);
  });

  it('is handled once where each decision gives something else', async () => {
    const store = await open();
    let count = 0;
    const moody = defineDecider<number, null>({
      entityType: 'mood',
      version: 1,
      init: () => 0,
      on: {},
      decide: () => [{ eventType: 'mood.changed', payload: (count += 1) }],
    });
    const all = Array.from({ length: 10 }, () =>
      handle(store, moody, 'mood-1', null, { commandId: 'c' }),
    );
    const payloads = (await Promise.all(all)).map(({ events }) => events[0]?.payload);
    expect(new Set(payloads).size).toBe(1);
    expect(store.watermark).toBe(1);
  });

  it('is another one for another entity or tenant', async () => {
    const store = await open();
    const options = { commandId: 'c' };
    for (const entityId of ['order-1', 'order-2'])
      await handle(store, order, entityId, place, options);
    await handle(store, order, 'order-1', place, { ...options, tenantId: 'acme' });
    expect(store.watermark).toBe(3);
  });

  it('must be a text that is not too long', async () => {
    const store = await open();
    for (const commandId of ['', 'x'.repeat(257), wrong(7)]) {
      const error = await errorOf(() => handle(store, order, 'order-1', place, { commandId }));
      expect(error.message).toBe('command_id: expected a text of 1-256 characters');
    }
  });
});

// Compiled by the test beside it: what must not compile says so.
import { defineDecider, defineProjection, defineReducer } from '../../../src/index.js';
import type { EmbeddedStore, JsonValue, NewEvent, StoredEvent } from '../../../src/index.js';
import type { AnyCart, Event, EventPayloads, NamedEvent, OrderPlaced } from './events.js';

type Same<A, B> = [A, B] extends [B, A] ? true : false;
const proven = <T extends true>(): T | undefined => undefined;

export function narrow(event: StoredEvent<Event>): JsonValue {
  if (event.eventType === 'order.placed') {
    const total: number = event.payload.total;
    // @ts-expect-error: the payload has no such member
    void event.payload.totl;
    // @ts-expect-error: it may be missing
    void event.payload.coupon.length;
    const first: string = event.payload.lines[0].sku;
    const [x, y] = event.payload.place ?? [0, 0];
    const { customer } = event.payload;
    if (customer?.kind === 'person') return customer.name;
    // @ts-expect-error: a company has a number
    if (customer?.kind === 'company') return customer.name;
    return [total, first, x, y, event.payload.lines[0].parts?.[0]?.parts?.[0]?.count ?? 0];
  }
  // @ts-expect-error: no subject has this type
  if (event.eventType === 'order.paid') return null;
  if (event.eventType === 'counters.set') {
    const total: boolean | number | null = event.payload['n_total'];
    proven<Same<(typeof event.payload)['name'], string>>();
    return total;
  }
  if (event.eventType === 'merged') return 'paid' in event.payload ? event.payload.paid : null;
  // A payload is JSON, whatever its type.
  return event.payload;
}

export async function append(store: EmbeddedStore<Event>): Promise<void> {
  const lines = [{ sku: 'tea', count: 1 }] as const;
  const entityId = 'order-1';
  const payload: OrderPlaced = { total: 1, currency: 'EUR', lines };
  await store.append({ eventType: 'order.placed', entityId, payload });
  // @ts-expect-error: no such currency
  await store.append({
    eventType: 'order.placed',
    entityId,
    payload: { ...payload, currency: 'X' },
  });
  // @ts-expect-error: lines are missing
  await store.append({
    eventType: 'order.placed',
    entityId,
    payload: { total: 1, currency: 'EUR' },
  });
  // @ts-expect-error: at least one line
  await store.append({ eventType: 'order.placed', entityId, payload: { ...payload, lines: [] } });
  // @ts-expect-error: no subject has this type
  await store.append({ eventType: 'order.paid', entityId, payload });
  // @ts-expect-error: nothing is valid here
  await store.append({ eventType: 'nothing', entityId, payload: {} });
  await store.append({ eventType: 'cart.opened', entityId, payload: { customer: 'Ada' } });
  // @ts-expect-error: what its prefix asks for is missing
  await store.append({ eventType: 'cart.opened', entityId, payload: {} });
  await store.append({ eventType: 'labels.set', entityId, payload: { colour: 'red' } });
  // @ts-expect-error: labels are texts
  await store.append({ eventType: 'labels.set', entityId, payload: { colour: 1 } });
}

const init = (): { total: number } => ({ total: 0 });

export const reducer = defineReducer<{ total: number }, NamedEvent>({
  entityType: 'order',
  version: 1,
  init,
  on: {
    'order.placed': (state, { payload }) => ({ total: state.total + payload.total }),
    // @ts-expect-error: no subject has this type
    'order.paid': (state) => state,
  },
});

export const projection = defineProjection<{ total: number }, NamedEvent>({
  name: 'totals',
  version: 1,
  init,
  on: {
    'order.placed': (state, { payload }) => ({ total: state.total + payload.total }),
    'cart.*': (state) => state,
  },
});

export const decider = defineDecider<{ total: number }, { add: number }, NamedEvent>({
  entityType: 'order',
  version: 1,
  init,
  on: {},
  decide: ({ add }) => [
    {
      eventType: 'order.placed',
      payload: { total: add, currency: 'USD', lines: [{ sku: 'tea', count: 1 }] },
    },
  ],
});

proven<Same<EventPayloads['order.placed'], OrderPlaced>>();
proven<Same<EventPayloads['anything'], JsonValue>>();
proven<Same<EventPayloads['nothing'], never>>();
proven<Same<EventPayloads['cart.closed'], null>>();
proven<Same<AnyCart, { readonly customer: string }>>();
proven<Same<OrderPlaced.OrderLine2, string>>();
// @ts-expect-error: they are not the same
proven<Same<OrderPlaced.OrderLine, string>>();

// Whoever takes any event takes these.
export const stored = (event: StoredEvent<Event>): StoredEvent => event;
export const fresh = (event: NewEvent<Event>): NewEvent => event;

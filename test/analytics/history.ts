// Random histories: events of a few entities and types, with gaps of all sizes between them.
import fc from 'fast-check';
import { openEventStore } from '../../src/index.js';
import type { EmbeddedStore, JsonValue } from '../../src/index.js';

export const eventTypes = ['cart.filled', 'order.placed', 'order.paid', '__proto__'] as const;
export const entityIds = ['e1', 'e2', 'e3', 'ü4'] as const;

const second = 1_000_000;
const day = 86_400 * second;
/** Microseconds to the next event. */
const gaps = [
  0,
  1,
  second,
  59 * second,
  3_600 * second,
  5 * 3_600 * second,
  day,
  8 * day,
  40 * day,
];
export const windows = [1, 60, 3_600, 6 * 3_600, 86_400, 10 * 86_400] as const;

export interface Happened {
  readonly entityId: string;
  readonly eventType: string;
  readonly payload: JsonValue;
  /** Microseconds. */
  readonly time: number;
}

const values = fc.oneof(
  fc.integer({ min: -50, max: 50 }),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
  fc.constantFrom<JsonValue>(null, 'text', true, [1], { a: 1 }, '1', ''),
);

const start = fc.integer({ min: Date.UTC(1999, 10, 1), max: Date.UTC(2030, 0, 1) });

export const histories: fc.Arbitrary<readonly Happened[]> = fc
  .tuple(
    start,
    fc.array(
      fc.record({
        entityId: fc.constantFrom(...entityIds),
        eventType: fc.constantFrom(...eventTypes),
        gap: fc.constantFrom(...gaps),
        payload: fc.oneof(
          fc.record(
            { total: values, country: fc.constantFrom('DE', 'FR', 'a"b', 'ü') },
            { requiredKeys: [] },
          ),
          values,
        ),
      }),
      { maxLength: 60, size: 'max' },
    ),
  )
  .map(([begin, events]) => {
    let time = begin * 1_000;
    return events.map(({ gap, ...event }) => {
      time += gap;
      // JSON has no -0, and the record of fast-check no prototype.
      return { ...event, payload: JSON.parse(JSON.stringify(event.payload)) as JsonValue, time };
    });
  });

/** Two times of a history, or near them, in order; each may be missing. */
export function bounds(history: readonly Happened[], draw: (max: number) => number) {
  const timeOf = (): number | undefined => {
    const event = history[draw(history.length * 2)];
    return event && event.time + draw(3) - 1;
  };
  const [since, until] = [timeOf(), timeOf()];
  if (since === undefined || until === undefined || since <= until) return { since, until };
  return { since: until, until: since };
}

/** A store in memory that has a history, beside events of another tenant between them. */
export async function storeOf(history: readonly Happened[]): Promise<EmbeddedStore> {
  let now = 0;
  const clock = { now: () => now };
  const store = await openEventStore({ memory: true, clock, snapshots: { automatic: false } });
  for (const { time, ...event } of history) {
    now = time;
    await store.append(event);
    await store.append({ ...event, tenantId: 'other', entityId: 'e1' });
  }
  return store;
}

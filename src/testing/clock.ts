import { AllSourceError, formatTimestamp, parseTimestamp, fieldError } from '../domain/index.js';
import type { Clock } from '../eventStore/index.js';
import type { Duration } from '../pipelines/index.js';

export const beginOfTests = '2026-01-01T00:00:00Z';
const microsOfUnit = {
  seconds: 1_000_000,
  minutes: 60_000_000,
  hours: 3_600_000_000,
  days: 86_400_000_000,
} as const;

/** A clock that stands still until it is turned, for `openEventStore({ memory: true, clock })`. */
export interface TestClock extends Clock {
  /** Goes to a time: RFC 3339 text, or microseconds. Throws `validation_error` where it would go back. */
  set(time: number | string): void;
  /** Goes on by so long. */
  advance(by: Duration): void;
}

/**
 * Makes a clock that stands still until it is turned. It begins at 2026-01-01T00:00:00Z unless told.
 *
 * @example
 * const clock = testClock();
 * const store = await openEventStore({ memory: true, clock });
 * await store.append(placed);
 * clock.advance({ days: 30 });
 * await store.append(reminded);
 */
export function testClock(begin: number | string = beginOfTests): TestClock {
  let micros = microsOf(begin, 'begin');
  return {
    now: () => micros,
    set: (time) => {
      const wanted = microsOf(time, 'time');
      if (wanted < micros) throw backwards('time', wanted, micros);
      micros = wanted;
    },
    advance: (by) => {
      micros += durationMicros(by);
    },
  };
}

/** Microseconds of a time as callers give it; throws `validation_error`. */
export function microsOf(time: number | string, field: string): number {
  if (typeof time === 'string') return parseTimestamp(time, field);
  if (Number.isSafeInteger(time) && time >= 0) return time;
  throw invalid(field, `expected RFC 3339 text or whole microseconds since 1970, got ${time}`);
}

export function backwards(field: string, wanted: number, now: number): AllSourceError {
  const times = `${formatTimestamp(wanted)} is before ${formatTimestamp(now)}`;
  return invalid(field, `${times}; the time of a log never goes back`);
}

function durationMicros(by: Duration): number {
  const entries: readonly [string, unknown][] = Object.entries(by);
  const [unit, amount] = entries[0] ?? [];
  const factor = Object.entries(microsOfUnit).find(([name]) => name === unit)?.[1];
  const isAmount = typeof amount === 'number' && amount >= 0;
  if (entries.length === 1 && factor !== undefined && isAmount) return Math.round(amount * factor);
  throw invalid('by', `expected as { minutes: 5 }, not below 0, got ${JSON.stringify(by)}`);
}

export function invalid(field: string, reason: string): AllSourceError {
  return fieldError('validation_error', field, reason);
}

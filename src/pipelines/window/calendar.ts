import type { CalendarUnit } from '../definition/types.js';
import { alignedStart } from './paneRange.js';
import type { PaneRange } from './paneRange.js';

const dayMs = 86_400_000;
const microsPerMs = 1_000;
/** Panes that are held so that they need not be worked out again. */
const cachedPanesMax = 64;

/** Days are numbers in a calendar of their own: 0 is 1970-01-01 on the wall, whatever the time zone. */
interface Days {
  readonly first: number;
  readonly next: number;
}

/**
 * Days, weeks from Monday and months of a time zone. A day begins at its first moment on the wall, which
 * is midnight but where the clock is put forward over midnight; so a day may have 23 or 25 hours.
 */
export class CalendarPanes {
  readonly #unit: CalendarUnit;
  readonly #clock: Clock;
  /** The one that was asked for last is the first. */
  #cached: PaneRange[] = [];

  constructor(unit: CalendarUnit, timeZone: string) {
    this.#unit = unit;
    this.#clock = new Clock(timeZone);
  }

  paneAt(time: number): PaneRange {
    const at = this.#cached.findIndex(({ start, end }) => start <= time && time < end);
    const [known] = at < 0 ? [] : this.#cached.splice(at, 1);
    const pane = known ?? this.#find(time);
    this.#cached.unshift(pane);
    if (this.#cached.length > cachedPanesMax) this.#cached.pop();
    return pane;
  }

  #find(time: number): PaneRange {
    let days = this.#around(this.#clock.dayAt(Math.floor(time / microsPerMs)));
    let pane = this.#rangeOf(days);
    // Clocks that are put back over midnight show the end of a day twice.
    while (time < pane.start) {
      days = this.#around(days.first - 1);
      pane = this.#rangeOf(days);
    }
    while (time >= pane.end) {
      days = this.#around(days.next);
      pane = this.#rangeOf(days);
    }
    return pane;
  }

  /** The unit that a day is in. */
  #around(day: number): Days {
    switch (this.#unit) {
      case 'day':
        return { first: day, next: day + 1 };
      case 'week': {
        // 1970-01-01 was a Thursday, three days behind a Monday.
        const first = alignedStart(day + 3, 7) - 3;
        return { first, next: first + 7 };
      }
      case 'month': {
        const date = new Date(day * dayMs);
        const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
        return { first: Date.UTC(year, month) / dayMs, next: Date.UTC(year, month + 1) / dayMs };
      }
    }
  }

  #rangeOf({ first, next }: Days): PaneRange {
    return {
      start: this.#clock.startOf(first) * microsPerMs,
      end: this.#clock.startOf(next) * microsPerMs,
    };
  }
}

/** What the clocks of a time zone show; in milliseconds. */
class Clock {
  readonly #format: Intl.DateTimeFormat | undefined;

  constructor(timeZone: string) {
    if (timeZone === 'UTC') return;
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'iso8601',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
    });
  }

  dayAt(ms: number): number {
    if (this.#format === undefined) return Math.floor(ms / dayMs);
    const parts = this.#format.formatToParts(ms);
    const of = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
    return Date.UTC(of('year'), of('month') - 1, of('day')) / dayMs;
  }

  /** The first moment of a day, by halving: clocks are less than 36 hours from UTC. */
  startOf(day: number): number {
    if (this.#format === undefined) return day * dayMs;
    let before = day * dayMs - 1.5 * dayMs;
    let behind = day * dayMs + 1.5 * dayMs;
    while (behind - before > 1) {
      const middle = Math.floor((before + behind) / 2);
      if (this.dayAt(middle) < day) before = middle;
      else behind = middle;
    }
    return behind;
  }
}

import type { CalendarUnit } from '../definition/types.js';
import { alignedStart } from './paneRange.js';
import type { PaneRange } from './paneRange.js';

const dayMs = 86_400_000;
const microsPerMs = 1_000;
/** Clocks are less than 36 hours from UTC; it is a whole number of seconds. */
const wallRangeMs = 1.5 * dayMs;
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
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  dayAt(ms: number): number {
    return Math.floor(this.#wallAt(ms) / dayMs);
  }

  /** The first moment of a day. */
  startOf(day: number): number {
    const midnight = day * dayMs;
    const before = midnight - wallRangeMs;
    const behind = midnight + wallRangeMs;
    // Midnight by the clock as it goes before or behind a change; the first, where it comes twice.
    const candidates = [before, behind].map((ms) => midnight - (this.#wallAt(ms) - ms));
    const found = candidates.filter((ms) => this.#wallAt(ms) === midnight);
    return found.length > 0 ? Math.min(...found) : this.#firstAfter(before, behind, day);
  }

  /** Where there is no midnight, by halving: clocks that are put forward never show a day twice. */
  #firstAfter(before: number, behind: number, day: number): number {
    let [low, high] = [before, behind];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.dayAt(middle) < day) low = middle;
      else high = middle;
    }
    return high;
  }

  /** What a clock shows, as if it were UTC; to the second. */
  #wallAt(ms: number): number {
    if (this.#format === undefined) return ms;
    const shown: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(ms)) shown[type] = Number(value);
    const { year = 0, month = 0, day, hour, minute, second } = shown;
    return Date.UTC(year, month - 1, day, hour, minute, second);
  }
}

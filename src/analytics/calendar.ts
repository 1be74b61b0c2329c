import type { TimeWindow } from './types.js';

const microsPerSecond = 1_000_000;
const dayMicros = 86_400 * microsPerSecond;
const monthsPerYear = 12;
/** 1970-01-01 was a Thursday, three days behind a Monday. */
const mondayMicros = 3 * dayMicros;

/** Divides time into pieces without gaps, which are numbered in their order; times are microseconds. */
export interface Calendar {
  numberOf(time: number): number;
  /** When the piece of a number begins. */
  startOf(number: number): number;
}

/** Minutes, hours, days, weeks from Monday and months of UTC. */
export function calendarOf(window: TimeWindow): Calendar {
  switch (window) {
    case 'minute':
      return evenCalendar(60 * microsPerSecond);
    case 'hour':
      return evenCalendar(3_600 * microsPerSecond);
    case 'day':
      return evenCalendar(dayMicros);
    case 'week':
      return evenCalendar(7 * dayMicros, mondayMicros);
    case 'month':
      return monthCalendar;
  }
}

/** Pieces of so many seconds; one of them begins with 1970. */
export function secondsCalendar(seconds: number): Calendar {
  return evenCalendar(seconds * microsPerSecond);
}

function evenCalendar(width: number, shift = 0): Calendar {
  return {
    numberOf: (time) => Math.floor((time + shift) / width),
    startOf: (number) => number * width - shift,
  };
}

const monthCalendar: Calendar = {
  numberOf: (time) => {
    const date = new Date(Math.floor(time / 1_000));
    return date.getUTCFullYear() * monthsPerYear + date.getUTCMonth();
  },
  startOf: (number) => {
    const date = new Date(0);
    // Date.UTC would take the years 0-99 for 1900-1999.
    date.setUTCFullYear(Math.floor(number / monthsPerYear), modulo(number, monthsPerYear), 1);
    return date.getTime() * 1_000;
  },
};

function modulo(number: number, divisor: number): number {
  return number - Math.floor(number / divisor) * divisor;
}

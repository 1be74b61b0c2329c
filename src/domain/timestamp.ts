import { AllSourceError } from './errors.js';

const rfc3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/;

/**
 * Microseconds since 1970 of an RFC 3339 text with any offset and 0-9 fractional digits (digits past
 * the sixth are cut). Throws `invalid_query` naming `field` where the text is something else.
 */
export function parseTimestamp(text: string, field: string): number {
  const match = rfc3339.exec(text);
  if (!match) throw badTimestamp(text, field);
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = match;
  const seconds = Math.min(Number(second), 59);
  // Date.UTC would take the years 0-99 for 1900-1999.
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const isCalendarDate =
    date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  const isClockTime = Number(hour) <= 23 && Number(minute) <= 59 && Number(second) <= 60;
  if (!isCalendarDate || !isClockTime) throw badTimestamp(text, field);
  const milliseconds = date.setUTCHours(Number(hour), Number(minute), seconds);
  const micros = Number(fraction.padEnd(6, '0').slice(0, 6));
  return (milliseconds - offsetMs(zone, text, field)) * 1000 + micros;
}

// Events of one second share all but the last digits of their time, and making a date is what costs.
let shownSecond = Number.NaN;
let shownText = '';

/** RFC 3339 UTC text with six fractional digits. */
export function formatTimestamp(micros: number): string {
  const second = Math.floor(micros / 1_000_000);
  if (second !== shownSecond) {
    shownText = new Date(second * 1000).toISOString().slice(0, -5);
    shownSecond = second;
  }
  return `${shownText}.${String(micros - second * 1_000_000).padStart(6, '0')}Z`;
}

function offsetMs(zone: string, text: string, field: string): number {
  if (zone === 'Z' || zone === 'z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4, 6));
  if (hours > 23 || minutes > 59) throw badTimestamp(text, field);
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function badTimestamp(text: string, field: string): AllSourceError {
  const shown = text.length > 64 ? `${text.slice(0, 64)}…` : text;
  const reason = 'expected an RFC 3339 time such as 2026-01-31T09:30:00Z';
  return new AllSourceError('invalid_query', `${field}: ${reason}, got ${JSON.stringify(shown)}`, {
    details: [{ field, reason }],
  });
}

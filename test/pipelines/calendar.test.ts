import { describe, expect, it } from 'vitest';
import { event, hour, machineOf, micros, now, result } from './support.js';

/** The pane that a time is in: its bounds as RFC 3339 to the minute, and its hours. */
function paneOf(unit: string, zone: string, at: string): string {
  const machine = machineOf([
    {
      type: 'window',
      config: { window_type: 'tumbling', calendar_unit: unit, time_zone: zone, time_field: 'at' },
      aggregation: { function: 'count' },
    },
  ]);
  machine.process(event({ at }));
  const later = micros(at) + 40 * 24 * hour;
  const { window_start: start, window_end: end } = result(
    now(machine.process(event({ at: later }))).emissions[0]?.value ?? {},
  );
  const hours = (micros(String(end)) - micros(String(start))) / hour;
  return `${String(start).slice(0, 16)} ${String(end).slice(0, 16)} ${hours}`;
}

describe('a calendar window', () => {
  it.each([
    ['day', 'UTC', '2026-03-29T23:59:59.999999Z', '2026-03-29T00:00 2026-03-30T00:00 24'],
    ['day', 'UTC', '1969-12-31T12:00:00Z', '1969-12-31T00:00 1970-01-01T00:00 24'],
    ['day', 'Europe/Berlin', '2026-03-28T12:00:00Z', '2026-03-27T23:00 2026-03-28T23:00 24'],
    ['day', 'Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-28T23:00 2026-03-29T22:00 23'],
    ['day', 'Europe/Berlin', '2026-03-28T23:00:00Z', '2026-03-28T23:00 2026-03-29T22:00 23'],
    ['day', 'Europe/Berlin', '2026-10-25T00:30:00Z', '2026-10-24T22:00 2026-10-25T23:00 25'],
    ['day', 'Europe/Berlin', '2026-10-25T22:59:59Z', '2026-10-24T22:00 2026-10-25T23:00 25'],
    ['day', 'America/New_York', '2026-03-08T12:00:00Z', '2026-03-08T05:00 2026-03-09T04:00 23'],
    ['day', 'America/New_York', '2026-11-01T12:00:00Z', '2026-11-01T04:00 2026-11-02T05:00 25'],
    ['day', 'America/New_York', '1969-07-20T20:17:40Z', '1969-07-20T04:00 1969-07-21T04:00 24'],
    // Clocks were put forward at midnight: the day began at one o'clock.
    ['day', 'America/Sao_Paulo', '2018-11-04T12:00:00Z', '2018-11-04T03:00 2018-11-05T02:00 23'],
    // Clocks were put back a minute behind midnight, to the day before.
    ['day', 'America/St_Johns', '2010-11-07T12:00:00Z', '2010-11-07T02:30 2010-11-08T03:30 25'],
    // A whole day was left out.
    ['day', 'Pacific/Apia', '2011-12-30T09:59:59Z', '2011-12-29T10:00 2011-12-30T10:00 24'],
    ['day', 'Pacific/Apia', '2011-12-30T10:00:00Z', '2011-12-30T10:00 2011-12-31T10:00 24'],
    ['day', 'Asia/Kathmandu', '2026-01-01T18:14:59Z', '2025-12-31T18:15 2026-01-01T18:15 24'],
    ['week', 'UTC', '2026-02-01T23:59:59Z', '2026-01-26T00:00 2026-02-02T00:00 168'],
    ['week', 'UTC', '1970-01-01T00:00:00Z', '1969-12-29T00:00 1970-01-05T00:00 168'],
    ['week', 'Europe/Berlin', '2026-03-25T00:00:00Z', '2026-03-22T23:00 2026-03-29T22:00 167'],
    ['week', 'America/New_York', '2026-11-01T00:00:00Z', '2026-10-26T04:00 2026-11-02T05:00 169'],
    ['month', 'UTC', '2026-02-28T23:59:59Z', '2026-02-01T00:00 2026-03-01T00:00 672'],
    ['month', 'UTC', '2024-02-29T23:59:59Z', '2024-02-01T00:00 2024-03-01T00:00 696'],
    ['month', 'UTC', '2000-02-29T12:00:00Z', '2000-02-01T00:00 2000-03-01T00:00 696'],
    ['month', 'UTC', '1900-02-28T12:00:00Z', '1900-02-01T00:00 1900-03-01T00:00 672'],
    ['month', 'UTC', '2026-04-30T12:00:00Z', '2026-04-01T00:00 2026-05-01T00:00 720'],
    ['month', 'UTC', '2026-12-31T23:59:59Z', '2026-12-01T00:00 2027-01-01T00:00 744'],
    ['month', 'Europe/Berlin', '2026-03-31T21:59:59Z', '2026-02-28T23:00 2026-03-31T22:00 743'],
    ['month', 'Europe/Berlin', '2026-03-31T22:00:00Z', '2026-03-31T22:00 2026-04-30T22:00 720'],
    ['month', 'America/New_York', '2026-11-15T00:00:00Z', '2026-11-01T04:00 2026-12-01T05:00 721'],
  ])('of a %s in %s holds %s', (unit, zone, at, expected) => {
    expect(paneOf(unit, zone, at)).toBe(expected);
  });

  it.each(['Europe/Berlin', 'America/New_York', 'America/St_Johns', 'Pacific/Apia'])(
    'leaves no gap and no overlap in %s',
    (zone) => {
      const machine = machineOf([
        {
          type: 'window',
          config: {
            window_type: 'tumbling',
            calendar_unit: 'day',
            time_zone: zone,
            time_field: 'at',
          },
          aggregation: { function: 'count' },
        },
      ]);
      const begin = micros('2010-11-01T00:00:00Z');
      const panes = Array.from({ length: 500 * 4 }, (_, at) => begin + at * 6 * hour)
        .flatMap((at) => now(machine.process(event({ at }))).emissions)
        .map(({ value }) => result(value));
      expect(panes.length).toBeGreaterThan(495);
      for (const [at, { window_end: end }] of panes.slice(0, -1).entries()) {
        expect(panes[at + 1]?.['window_start']).toBe(end);
      }
    },
  );
});

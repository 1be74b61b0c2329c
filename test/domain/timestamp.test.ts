import { describe, expect, it } from 'vitest';
import { AllSourceError, formatTimestamp, parseTimestamp } from '../../src/index.js';

const taken: [string, string][] = [
  ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000000Z'],
  ['2026-01-31T09:30:00Z', '2026-01-31T09:30:00.000000Z'],
  ['2026-01-31T09:30:00.1Z', '2026-01-31T09:30:00.100000Z'],
  ['2026-01-31T09:30:00.123456Z', '2026-01-31T09:30:00.123456Z'],
  ['2026-01-31T09:30:00.123456789Z', '2026-01-31T09:30:00.123456Z'],
  ['2026-01-31T09:30:00+02:00', '2026-01-31T07:30:00.000000Z'],
  ['2026-01-31T23:30:00-05:30', '2026-02-01T05:00:00.000000Z'],
  ['2026-01-31t09:30:00z', '2026-01-31T09:30:00.000000Z'],
  ['2026-01-31 09:30:00Z', '2026-01-31T09:30:00.000000Z'],
  ['2024-02-29T12:00:00Z', '2024-02-29T12:00:00.000000Z'],
  ['2016-12-31T23:59:60Z', '2016-12-31T23:59:59.000000Z'],
  ['1969-12-31T23:59:59.999999Z', '1969-12-31T23:59:59.999999Z'],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000000Z'],
  ['0099-06-01T00:00:00Z', '0099-06-01T00:00:00.000000Z'],
  ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000000Z'],
];

const refused = [
  '',
  'now',
  '2026',
  '2026-01-31',
  '2026-01-31T09:30:00',
  '2026-01-31T09:30Z',
  '2026-1-31T09:30:00Z',
  '2026-02-30T00:00:00Z',
  '2025-02-29T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-00-01T00:00:00Z',
  '2026-01-00T00:00:00Z',
  '2026-01-01T24:00:00Z',
  '2026-01-01T00:60:00Z',
  '2026-01-01T00:00:61Z',
  '2026-01-01T00:00:00.Z',
  '2026-01-01T00:00:00.1234567890Z',
  '2026-01-01T00:00:00+24:00',
  '2026-01-01T00:00:00+0200',
  '2026-01-01T00:00:00 Z',
  ' 2026-01-01T00:00:00Z',
  '2026-01-01T00:00:00Z\n',
  `2026-01-01T00:00:00Z${'x'.repeat(1000)}`,
];

describe('timestamps', () => {
  it.each(taken)('takes %s for %s', (text, formatted) => {
    const micros = parseTimestamp(text, 'since');
    expect(formatTimestamp(micros)).toBe(formatted);
    expect(parseTimestamp(formatted, 'since')).toBe(micros);
  });

  it.each(refused)('refuses %j, naming the field', (text) => {
    const parse = (): number => parseTimestamp(text, 'since');
    expect(parse).toThrow(AllSourceError);
    expect(parse).toThrow(/^since: expected an RFC 3339 time/);
    try {
      parse();
    } catch (error) {
      expect(error).toMatchObject({ code: 'invalid_query', details: [{ field: 'since' }] });
      expect(String(error).length).toBeLessThan(250);
    }
  });

  it('formats microseconds exactly, whatever second came before', () => {
    for (const micros of [0, 1, 999_999, 1_000_000, 1_790_000_000_123_456, 999_999, -1]) {
      expect(parseTimestamp(formatTimestamp(micros), 'x')).toBe(micros);
    }
  });
});

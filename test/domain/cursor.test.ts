import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from '../../src/domain/index.js';
import type { PageCursor } from '../../src/domain/index.js';

const cursors: PageCursor[] = [
  { order: 'asc', position: 1, filter: '0' },
  { order: 'desc', position: 42, filter: 'abc123' },
  { order: 'asc', position: Number.MAX_SAFE_INTEGER, filter: 'zzzzzzzzzzz' },
];

describe('cursors', () => {
  it.each(cursors)('come back from their text: %j', (cursor) => {
    const text = encodeCursor(cursor);
    expect(text).toMatch(/^[\w-]+$/);
    expect(decodeCursor(text)).toEqual(cursor);
  });

  it('are refused where they were changed', () => {
    const text = encodeCursor({ order: 'asc', position: 123, filter: 'abc' });
    const changed = [
      '',
      'x',
      text.slice(0, 4),
      text.slice(1),
      `${text}AAAA`,
      `${text}!`,
      `${text}==`,
      ` ${text}`,
      Buffer.from('1a9007199254740992.abc').toString('base64url'),
      Buffer.from('2a1.abc').toString('base64url'),
      Buffer.from('1x1.abc').toString('base64url'),
      Buffer.from('1a0.abc').toString('base64url'),
      Buffer.from('1a-1.abc').toString('base64url'),
      Buffer.from('1a1.').toString('base64url'),
      Buffer.from(`1a1${'0'.repeat(30)}.abc`).toString('base64url'),
      'A'.repeat(100_000),
      '\u0000',
    ];
    for (const bad of changed) {
      expect(() => decodeCursor(bad), JSON.stringify(bad).slice(0, 40)).toThrow(
        expect.objectContaining({ code: 'invalid_query' }),
      );
    }
  });
});

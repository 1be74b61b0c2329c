import { AllSourceError } from './errors.js';
import type { Order } from './filter.js';

/**
 * Where the next page begins. A cursor is opaque text for callers; it names a position of the log and
 * the query it belongs to, so it stays valid over restarts and appends.
 */
export interface PageCursor {
  readonly order: Order;
  /** The first position that the next page may hold. */
  readonly position: number;
  /** Fingerprint of the filter; a cursor is refused for another query. */
  readonly filter: string;
}

const cursorPattern = /^1([ad])([1-9][0-9]{0,15})\.([0-9a-z]{1,16})$/;

export function encodeCursor(cursor: PageCursor): string {
  const plain = `1${cursor.order === 'asc' ? 'a' : 'd'}${cursor.position}.${cursor.filter}`;
  return btoa(plain).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

export function decodeCursor(text: string): PageCursor {
  const match = cursorPattern.exec(decodedText(text));
  const [, order, position, filter] = match ?? [];
  if (position !== undefined && filter !== undefined) {
    const cursor: PageCursor = {
      order: order === 'a' ? 'asc' : 'desc',
      position: Number(position),
      filter,
    };
    // Base64 is decoded leniently: only what could have been given out is taken.
    if (Number.isSafeInteger(cursor.position) && encodeCursor(cursor) === text) return cursor;
  }
  throw new AllSourceError(
    'invalid_query',
    'cursor: expected a next_cursor of an earlier answer, unchanged; leave it out to begin at the start',
  );
}

function decodedText(text: string): string {
  try {
    return atob(text.slice(0, 64).replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    // Not base64: no cursor either.
    return '';
  }
}

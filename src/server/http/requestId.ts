import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const visibleAscii = /^[\x21-\x7e]{1,128}$/;

/** The caller's `x-request-id` where it is 1-128 visible ASCII characters, else a new one. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && visibleAscii.test(given) ? given : randomUUID();
}

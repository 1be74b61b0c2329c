import type { ServerResponse } from 'node:http';
import type { Exchange } from './exchange.js';
import { rateHeaders } from '../limits/index.js';
import { commonHeaders } from './headers.js';
import { jsonType } from './mediaTypes.js';
import type { ChunkedReply, Reply, WholeReply } from './types.js';

/** A 200 with a small document. */
export function jsonReply(value: object): WholeReply {
  return { status: 200, contentType: jsonType, body: JSON.stringify(value) };
}

/** A 204. */
export const noContent: WholeReply = { status: 204, body: '' };

/** Sends a whole answer: one head, one write. */
export function sendWhole(exchange: Exchange, reply: WholeReply): void {
  const { body } = reply;
  const headers = replyHeaders(exchange, reply);
  if (reply.status !== 204) {
    const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    headers.push('content-length', String(bytes));
  }
  exchange.response.writeHead(reply.status, headers);
  exchange.response.end(body);
}

/**
 * Sends chunks as fast as the client reads; at most one chunk and the socket's buffer are held. The
 * head goes out with the first chunk, so that what fails before it still gets a status of its own.
 */
export async function sendChunks(exchange: Exchange, reply: ChunkedReply): Promise<void> {
  const { request, response } = exchange;
  const iterator = reply.chunks[Symbol.asyncIterator]();
  try {
    let chunk = await iterator.next();
    response.writeHead(reply.status, replyHeaders(exchange, reply));
    if (request.method === 'HEAD') chunk = { done: true, value: undefined };
    while (chunk.done !== true && !response.destroyed) {
      if (!response.write(chunk.value)) await writable(response);
      chunk = await iterator.next();
    }
  } finally {
    await iterator.return?.();
  }
  response.end();
}

function replyHeaders(exchange: Exchange, reply: Reply): string[] {
  const headers = commonHeaders.slice();
  headers.push('x-request-id', exchange.requestId);
  if (exchange.rate !== undefined) headers.push(...rateHeaders(exchange.rate));
  if (reply.contentType !== undefined) headers.push('content-type', reply.contentType);
  if (reply.headers !== undefined) headers.push(...reply.headers);
  if (exchange.runtime.phase === 'stopping') headers.push('connection', 'close');
  return headers;
}

/** Resolves when the response takes more, or is closed. */
function writable(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      response.off('drain', finish);
      response.off('close', finish);
      resolve();
    };
    response.on('drain', finish);
    response.on('close', finish);
    if (response.destroyed) finish();
  });
}

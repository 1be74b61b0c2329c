import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AllSourceError } from '../../domain/index.js';
import { commonHeaders } from './headers.js';
import { jsonType } from './mediaTypes.js';
import { problemText } from './problem.js';

/** Answers on a socket that has no response object, and closes it. */
export function refuseSocket(socket: Duplex, error: AllSourceError, requestId: string): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = problemText(error, requestId);
  const headers = [
    ...commonHeaders,
    'x-request-id',
    requestId,
    'content-type',
    jsonType,
    'content-length',
    String(Buffer.byteLength(body)),
    'connection',
    'close',
  ];
  const lines = [`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? 'Error'}`];
  for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`);
  socket.once('finish', () => socket.destroy());
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

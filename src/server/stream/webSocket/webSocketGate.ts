import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { AllSourceError } from '../../../domain/index.js';
import {
  isLoopbackHostHeader,
  publicError,
  queryTextOf,
  refuseSocket,
  requestIdOf,
} from '../../http/index.js';
import type { Runtime } from '../../runtime.js';
import { streamPath } from '../paths.js';
import { streamFromQuery } from '../subscription.js';
import { ConsumerSession, membershipOf } from './consumerSession.js';
import { StreamSession } from './streamSession.js';
import type { WebSocketPeer, WebSocketWire } from './webSocketPeer.js';

/** A client sends subscriptions only; they are short. */
const frameBytesMax = 64 * 1024;
/** Names of consumers need no escapes. */
const consumerPath = /^\/api\/v1\/consumers\/([A-Za-z0-9._-]+)\/events$/;

/** The listener of a server's `upgrade` event: WebSockets on two paths, nothing else. */
export function webSocketGate(
  runtime: Runtime,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: frameBytesMax,
    perMessageDeflate: false,
    clientTracking: false,
  });
  server.on('headers', (headers, request) => {
    headers.push(`x-request-id: ${requestIdOf(request)}`);
  });
  server.on('wsClientError', (error, socket, request) => {
    runtime.streams.errors += 1;
    const told = new AllSourceError('validation_error', `WebSocket handshake: ${error.message}`);
    refuseSocket(socket, told, requestIdOf(request));
  });
  return (request, socket, head) => {
    // One id for the answer and the log, made or given.
    request.headers['x-request-id'] = requestIdOf(request);
    socket.on('error', () => socket.destroy());
    sessionFor(runtime, request)
      .then((open) => {
        server.handleUpgrade(request, socket, head, (webSocket) => {
          // The socket of an upgrade is the request's own, a net.Socket.
          open({ webSocket, socket: request.socket });
          logUpgrade(runtime, request, request.socket);
        });
      })
      .catch((error: unknown) => {
        runtime.streams.errors += 1;
        refuseSocket(socket, publicError(error), requestIdOf(request));
      });
  };
}

/** What a WebSocket on this path is for. */
async function sessionFor(
  runtime: Runtime,
  request: IncomingMessage,
): Promise<(wire: WebSocketWire) => WebSocketPeer> {
  admitUpgrade(runtime, request);
  const url = request.url ?? '';
  const path = url.split('?', 1)[0] ?? '';
  const queryText = queryTextOf(url);
  if (path === streamPath) {
    const requested = streamFromQuery(queryText);
    return (wire) => new StreamSession(runtime, wire, requested);
  }
  const [, name] = consumerPath.exec(path) ?? [];
  if (name === undefined) {
    throw new AllSourceError('route_not_found', `expected ${streamPath} for a WebSocket`);
  }
  const membership = await membershipOf(runtime, name, queryText);
  return (wire) => new ConsumerSession(runtime, wire, membership);
}

function admitUpgrade(runtime: Runtime, request: IncomingMessage): void {
  const { headers } = request;
  if (runtime.phase === 'stopping') {
    throw new AllSourceError('shutting_down', 'the server is stopping; try again later');
  }
  if (headers.upgrade?.toLowerCase() !== 'websocket') {
    throw new AllSourceError(
      'unprocessable',
      'upgrade: expected websocket; speak HTTP/1.1 without an upgrade for everything else',
    );
  }
  if (runtime.loopbackOnly && !isLoopbackHostHeader(headers.host ?? '')) {
    throw new AllSourceError('forbidden', 'host: expected localhost or a loopback address');
  }
  checkOrigin(headers.origin, headers.host);
}

/** Browsers let every page open WebSockets to every address; only pages of this host may. */
function checkOrigin(origin: string | undefined, host: string | undefined): void {
  if (origin === undefined || origin.replace(/^https?:\/\//i, '') === host) return;
  throw new AllSourceError('forbidden', 'origin: expected a page of this host, or no origin');
}

function logUpgrade(runtime: Runtime, request: IncomingMessage, socket: Socket): void {
  const requestId = requestIdOf(request);
  runtime.logger.debug({ request_id: requestId, route: streamPath }, 'websocket opened');
  socket.once('close', () => {
    runtime.logger.debug({ request_id: requestId, route: streamPath }, 'websocket closed');
  });
}

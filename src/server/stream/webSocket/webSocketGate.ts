import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { AllSourceError, trustedPrincipal } from '../../../domain/index.js';
import {
  type Access,
  type Session,
  accessOf,
  credentialIn,
  credentialInQuery,
  mustBeAllowed,
} from '../../auth/index.js';
import {
  isLoopbackHostHeader,
  publicError,
  queryTextOf,
  refuseSocket,
  requestIdOf,
} from '../../http/index.js';
import { mustBeLeft } from '../../limits/index.js';
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
        const told = publicError(error);
        if (told.code === 'unauthenticated') runtime.metrics.authFailed();
        refuseSocket(socket, told, requestIdOf(request));
      });
  };
}

/** What a WebSocket on this path is for. */
async function sessionFor(
  runtime: Runtime,
  request: IncomingMessage,
): Promise<(wire: Omit<WebSocketWire, 'caller'>) => WebSocketPeer> {
  admitUpgrade(runtime, request);
  const url = request.url ?? '';
  const path = url.split('?', 1)[0] ?? '';
  const queryText = queryTextOf(url);
  if (path === streamPath) {
    const caller = await callerOf(runtime, request, streamAccess);
    const requested = streamFromQuery(queryText, caller.principal);
    return (wire) => new StreamSession(runtime, { ...wire, caller }, requested);
  }
  const [, name] = consumerPath.exec(path) ?? [];
  if (name === undefined) {
    throw new AllSourceError('route_not_found', `expected ${streamPath} for a WebSocket`);
  }
  const caller = await callerOf(runtime, request, consumerAccess);
  const membership = await membershipOf(runtime, { name, queryText, caller: caller.principal });
  return (wire) => new ConsumerSession(runtime, { ...wire, caller }, membership);
}

const streamAccess = accessOf('WS', streamPath);
const consumerAccess = accessOf('WS', '/api/v1/consumers/:name/events');
const trusted: Session = { principal: trustedPrincipal, isValid: () => true };

async function callerOf(
  runtime: Runtime,
  request: IncomingMessage,
  access: Access,
): Promise<Session> {
  const { auth } = runtime;
  if (auth === undefined) return trusted;
  const queryText = queryTextOf(request.url ?? '');
  const session = await auth.sessionOf(credentialIn(request) ?? credentialInQuery(queryText));
  mustBeLeft(runtime.takeRequest(session));
  mustBeAllowed(session.principal, access);
  return session;
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

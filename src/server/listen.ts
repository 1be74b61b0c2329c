import { type Server, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Express } from 'express';
import { AllSourceError } from '../domain/index.js';
import type { EmbeddedStore } from '../store/index.js';
import { buildApp } from './createApp.js';
import { createDispatcher } from './dispatcher.js';
import { isLoopbackName, refuseSocket, requestIdOf } from './http/index.js';
import { type ListenOptions, type ListenSettings, resolveListenOptions } from './options.js';
import { Runtime } from './runtime.js';
import { webSocketGate } from './stream/index.js';

/** A server that is listening. */
export interface HttpServer extends AsyncDisposable {
  /** Such as `http://127.0.0.1:3900`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly app: Express;
  readonly server: Server;
  /** True where nobody is asked who they are: everybody who reaches it is an administrator. */
  readonly isOpen: boolean;
  /**
   * Stops accepting, ends live streams, waits for the requests under way up to `closeDeadlineMs`,
   * then cuts what is left. Webhooks post no more, unless another server of the store is open. A second
   * call waits for the first. The store stays open.
   */
  close(): Promise<void>;
}

/**
 * Serves a store over HTTP; resolves when the port is bound. Rejects with `invalid_configuration`
 * for a bad option, an address beyond loopback without authentication or `insecureNoAuth`, a port that is taken, and
 * another `allowPrivateWebhooks` than that of an open server of the store.
 */
export async function listen(
  store: EmbeddedStore,
  options: ListenOptions = {},
): Promise<HttpServer> {
  const settings = resolveListenOptions(options);
  const auth = options.auth ?? (asksNobody(settings) ? false : {});
  const runtime = new Runtime(store, { ...options, auth });
  checkExposure(runtime, settings);
  await runtime.auth?.begin();
  const app = buildApp(runtime);
  const server = createHttpServer(runtime, { app, settings });
  const unusedSockets = socketsWithoutRequest(server);
  await bind(server, settings);
  try {
    runtime.startWebhooks();
  } catch (error) {
    server.close();
    server.closeAllConnections();
    throw error;
  }
  const { port } = addressOf(server);
  const { host } = settings;
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (closing ??= closeServer(server, { runtime, settings, unusedSockets }));
  const shownHost = host.includes(':') ? `[${host}]` : host;
  const url = `http://${shownHost}:${port}`;
  const isOpen = runtime.auth === undefined;
  return { url, host, port, app, server, isOpen, close, [Symbol.asyncDispose]: close };
}

/** Whether nobody is asked who they are, where nothing else is said. */
function asksNobody({ host, insecureNoAuth }: ListenSettings): boolean {
  return insecureNoAuth || isLoopbackName(host);
}

function checkExposure(runtime: Runtime, { host, insecureNoAuth }: ListenSettings): void {
  if (runtime.auth !== undefined) {
    if (!insecureNoAuth) return;
    throw new AllSourceError(
      'invalid_configuration',
      'insecureNoAuth: expected false where auth is on',
    );
  }
  runtime.loopbackOnly = !insecureNoAuth;
  if (insecureNoAuth) {
    runtime.logger.warn({ host }, 'no authentication: everybody who reaches this address is admin');
  } else if (!isLoopbackName(host)) {
    throw new AllSourceError(
      'invalid_configuration',
      `host: expected a loopback address, because authentication is off, got ${host}; ` +
        'turn it on, or set insecureNoAuth to serve everybody who can reach it',
    );
  }
}

function createHttpServer(
  runtime: Runtime,
  { app, settings }: { app: Express; settings: ListenSettings },
): Server {
  const server = createServer(
    {
      headersTimeout: Math.min(settings.headersTimeoutMs, settings.requestTimeoutMs),
      requestTimeout: settings.requestTimeoutMs,
      keepAliveTimeout: settings.keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.min(1_000, settings.headersTimeoutMs),
      // A missing Host is refused by the routes, as JSON.
      requireHostHeader: false,
      noDelay: true,
    },
    createDispatcher(runtime, app),
  );
  server.maxConnections = settings.connectionsMax;
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.on('upgrade', webSocketGate(runtime));
  server.on('clientError', refuseBrokenRequest);
  return server;
}

/** What never became a request: broken HTTP, a head over its limit, or one that came too late. */
function refuseBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  refuseSocket(socket, brokenRequest(error.code), requestIdOf({ headers: {} }));
}

function brokenRequest(code: string | undefined): AllSourceError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new AllSourceError('headers_too_large', 'expected at most 16 KiB of headers');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new AllSourceError('request_timeout', 'the request did not arrive in time');
    default:
      return new AllSourceError('validation_error', 'expected an HTTP/1.1 request');
  }
}

function bind(server: Server, { host, port }: ListenSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'EADDRINUSE' ? 'the port is taken' : `it cannot be bound (${error.code})`;
      const message = `port: expected a free port, but ${host}:${port}: ${reason}`;
      reject(new AllSourceError('invalid_configuration', message, { cause: error }));
    });
    server.listen({ host, port }, resolve);
  });
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  // Only a server on a path has text here, and only a closed one has null.
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address;
}

interface Closing {
  readonly runtime: Runtime;
  readonly settings: ListenSettings;
  readonly unusedSockets: () => readonly Socket[];
}

/**
 * Connections on which nothing came yet, as clients open them beforehand. Node.js does not count them
 * among the idle ones.
 */
function socketsWithoutRequest(server: Server): () => readonly Socket[] {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return () => [...open].filter(({ bytesRead }) => bytesRead === 0);
}

async function closeServer(
  server: Server,
  { runtime, settings, unusedSockets }: Closing,
): Promise<void> {
  runtime.phase = 'draining';
  if (settings.drainDelayMs > 0) await delay(settings.drainDelayMs);
  runtime.phase = 'stopping';
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  runtime.streams.endAll();
  server.closeIdleConnections();
  for (const socket of unusedSockets()) socket.destroy();
  const deadline = setTimeout(() => {
    runtime.logger.warn('requests are cut off: the deadline of close has passed');
    runtime.streams.cutAll();
    server.closeAllConnections();
  }, settings.closeDeadlineMs);
  await Promise.all([closed.then(() => clearTimeout(deadline)), runtime.stopWebhooks()]);
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

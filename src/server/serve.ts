import type { IncomingMessage, ServerResponse } from 'node:http';
import { AllSourceError } from '../domain/index.js';
import { type Session, credentialIn, credentialInQuery, mustBeAllowed } from './auth/index.js';
import {
  Exchange,
  type MountedRoute,
  type PathParams,
  type Reply,
  collectBody,
  discardRest,
  isLoopbackHostHeader,
  problemReply,
  publicError,
  releaseBody,
  sendChunks,
  sendWhole,
} from './http/index.js';
import { mustBeLeft } from './limits/index.js';
import { logRequest } from './observe/index.js';
import { streamPath } from './stream/index.js';

/**
 * Carries one request through its route: checks, body, handler, answer, metrics, log. The
 * dispatcher in front of Express and Express itself both call this: that is why they answer alike.
 */
export function serve(
  mounted: MountedRoute,
  wire: { request: IncomingMessage; response: ServerResponse; params: PathParams },
): void {
  const exchange = new Exchange(mounted, wire);
  mounted.runtime.metrics.requestsInFlight += 1;
  try {
    admit(exchange);
    const admitted = identify(exchange);
    if (admitted === undefined) take(exchange);
    else admitted.then(() => take(exchange)).catch((error: unknown) => fail(exchange, error));
  } catch (error) {
    fail(exchange, error);
  }
}

function take(exchange: Exchange): void {
  const rule = exchange.route.body;
  const hasNone = rule?.isOptional === true && !hasBody(exchange.request);
  if (rule === undefined || hasNone) run(exchange);
  else collectBody(exchange, rule, bodyOutcome);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

const bodyOutcome = { done: run, failed: fail };

function admit(exchange: Exchange): void {
  const { runtime, request, route } = exchange;
  if (runtime.phase === 'stopping' && route.whileStopping !== true) {
    throw new AllSourceError('shutting_down', 'the server is stopping; try again later');
  }
  const host = request.headers.host;
  if (host === undefined && request.httpVersion !== '1.0') {
    throw new AllSourceError('validation_error', 'host: expected a Host header');
  }
  if (runtime.loopbackOnly && host !== undefined && !isLoopbackHostHeader(host)) {
    throw new AllSourceError(
      'forbidden',
      'host: expected localhost or a loopback address, because this server runs without ' +
        'authentication; insecureNoAuth (--insecure-no-auth) allows every name',
    );
  }
}

/** Who calls, and whether they may; a promise only where it is not known at once. */
function identify(exchange: Exchange): Promise<void> | undefined {
  const { runtime, request, access } = exchange;
  if (runtime.auth === undefined || access.kind === 'public') return undefined;
  const { pattern } = exchange.route;
  const queryText = pattern === streamPath ? exchange.queryText : '';
  const session = runtime.auth.sessionOf(credentialIn(request) ?? credentialInQuery(queryText));
  if (session instanceof Promise) return session.then((known) => enter(exchange, known));
  enter(exchange, session);
  return undefined;
}

function enter(exchange: Exchange, session: Session): void {
  const rate = exchange.runtime.takeRequest(session);
  exchange.session = session;
  exchange.rate = rate;
  mustBeLeft(rate);
  mustBeAllowed(session.principal, exchange.access);
}

function run(exchange: Exchange): void {
  let outcome: Reply | Promise<Reply>;
  try {
    outcome = exchange.route.handle(exchange);
  } catch (error) {
    return fail(exchange, error);
  }
  if (!(outcome instanceof Promise)) return answerSafely(exchange, outcome);
  outcome.then(
    (reply) => answerSafely(exchange, reply),
    (error: unknown) => fail(exchange, error),
  );
}

function answerSafely(exchange: Exchange, reply: Reply): void {
  try {
    answer(exchange, reply);
  } catch (error) {
    fail(exchange, error);
  }
}

function answer(exchange: Exchange, reply: Reply): void {
  if ('body' in reply) {
    sendWhole(exchange, reply);
    finish(exchange, reply.status);
    return;
  }
  exchange.isStream = true;
  sendChunks(exchange, reply).then(
    () => finish(exchange, reply.status),
    (error: unknown) => fail(exchange, error),
  );
}

function fail(exchange: Exchange, error: unknown): void {
  const { request, response, requestId } = exchange;
  const told = publicError(error);
  if (told.code === 'unauthenticated') exchange.runtime.metrics.authFailed();
  if (response.headersSent || told.code === 'aborted') {
    // Half an answer must not look whole: without its end the client sees that it was cut.
    response.destroy();
  } else {
    discardRest(request);
    sendWhole(exchange, problemReply(told, requestId));
  }
  finish(exchange, told.status, { told, cause: error });
}

function finish(
  exchange: Exchange,
  status: number,
  failure?: { readonly told: AllSourceError; readonly cause: unknown },
): void {
  if (exchange.isFinished) return;
  exchange.isFinished = true;
  releaseBody(exchange);
  exchange.runtime.metrics.requestsInFlight -= 1;
  const now = performance.now();
  exchange.meter.record(status, {
    requestMs: now - exchange.startedAtMs,
    workMs: now - exchange.readAtMs,
    results: exchange.resultCount,
    code: failure?.told.code,
  });
  logRequest(exchange.runtime, {
    requestId: exchange.requestId,
    method: exchange.request.method ?? '',
    route: exchange.route.pattern,
    status,
    durationMs: now - exchange.startedAtMs,
    isStream: exchange.isStream,
    failure,
  });
}

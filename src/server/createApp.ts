import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import express, { type Express, type NextFunction } from 'express';
import { AllSourceError } from '../domain/index.js';
import type { EmbeddedStore } from '../store/index.js';
import { type Access, accessOf } from './auth/index.js';
import {
  type Handler,
  type MountedRoute,
  type PathParams,
  type Route,
  problemReply,
  publicError,
  shown,
} from './http/index.js';
import type { AppOptions } from './options.js';
import { allRoutes } from './routes/index.js';
import { Runtime } from './runtime.js';
import { serve } from './serve.js';
import { webSocketGate } from './stream/index.js';

const runtimes = new WeakMap<Express, Runtime>();

/**
 * The server as an Express 5 app over an open store; it never listens. Mount it wherever you like,
 * in front of body parsers: it reads bodies itself. The store stays yours to close. Throws
 * `invalid_configuration` for a bad option, and for another `allowPrivateWebhooks` than that of an open
 * server of the store.
 */
export function createApp(store: EmbeddedStore, options: AppOptions = {}): Express {
  const runtime = new Runtime(store, options);
  runtime.startWebhooks();
  return buildApp(runtime);
}

/** Serves the WebSockets of an app that you let a `node:http` server of your own call. */
export function attachWebSocket(server: Server, app: Express): void {
  const runtime = runtimes.get(app);
  if (runtime === undefined) {
    throw new AllSourceError('invalid_configuration', 'app: expected what createApp returned');
  }
  server.on('upgrade', webSocketGate(runtime));
}

export function buildApp(runtime: Runtime): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  // Queries are parsed and checked by the routes.
  app.set('query parser', false);
  app.enable('case sensitive routing');
  app.enable('strict routing');
  // A route that nobody may call is told now, not to its first caller.
  for (const route of allRoutes) accessTo(route);
  for (const pattern of new Set(allRoutes.map((route) => route.pattern))) {
    mountPattern(app, { runtime, pattern });
  }
  const refuse = unmatchedHandler();
  const serveUnmatched = server(runtime, refuse);
  app.use((request, response) => serveUnmatched(request, response, {}));
  // Express knows an error handler by its four parameters.
  app.use((error: unknown, request: Wire, response: Answer, next: NextFunction) => {
    if (response.headersSent) return next(error);
    const handle = (): never => {
      throw publicError(error);
    };
    server(runtime, { ...refuse, handle })(request, response, {});
  });
  runtimes.set(app, runtime);
  return app;
}

export function mountHandler(runtime: Runtime, route: Handler, method: string): MountedRoute {
  const meter = runtime.metrics.meter(route.pattern, method, route.purpose);
  return { runtime, route, meter, access: accessTo(route) };
}

/** What is no route says only that there is none. */
function accessTo(route: Handler | Route): Access {
  return 'method' in route ? accessOf(route.method, route.pattern) : { kind: 'public' };
}

type Wire = IncomingMessage;
type Answer = ServerResponse;
type Serve = (request: Wire, response: Answer, params: PathParams) => void;

function mountPattern(app: Express, at: { runtime: Runtime; pattern: string }): void {
  const mounted = app.route(at.pattern);
  const routes = allRoutes.filter((route) => route.pattern === at.pattern);
  for (const route of routes) {
    const serveRoute = server(at.runtime, route);
    const handle = (request: Wire & { params: PathParams }, response: Answer): void =>
      serveRoute(request, response, request.params);
    switch (route.method) {
      case 'GET':
        mounted.get(handle);
        break;
      case 'POST':
        mounted.post(handle);
        break;
      case 'PUT':
        mounted.put(handle);
        break;
      case 'DELETE':
        mounted.delete(handle);
    }
  }
  const shared = routesBehind(at.pattern, routes);
  const isShared = (method = ''): boolean => methodsOf(shared).includes(method);
  const serveOthers = server(at.runtime, methodHandler(at.pattern, [...routes, ...shared]));
  mounted.all((request, response, next) => {
    if (isShared(request.method)) next();
    else serveOthers(request, response, {});
  });
}

/** Routes of other patterns that the path of this one has, too, where it shares it with them. */
function routesBehind(path: string, routes: readonly Route[]): readonly Route[] {
  if (!routes.some(({ sharesPath }) => sharesPath === true)) return [];
  return allRoutes.filter(({ pattern }) => pattern !== path && matchesPath(pattern, path));
}

function matchesPath(pattern: string, path: string): boolean {
  const [expected, segments] = [pattern.split('/'), path.split('/')];
  if (expected.length !== segments.length) return false;
  return expected.every((segment, at) => segment.startsWith(':') || segment === segments[at]);
}

/** Serves a handler for any method: `HEAD` comes here as `GET`, and is counted as itself. */
function server(runtime: Runtime, handler: Handler): Serve {
  const mountedByMethod = new Map<string, MountedRoute>();
  return (request, response, params) => {
    const { method = 'GET' } = request;
    let mounted = mountedByMethod.get(method);
    if (mounted === undefined) {
      mounted = mountHandler(runtime, handler, method);
      mountedByMethod.set(method, mounted);
    }
    serve(mounted, { request, response, params });
  };
}

/** Answers the methods that a path does not have. */
function methodHandler(pattern: string, routes: readonly Route[]): Handler {
  const allowed = [...new Set([...methodsOf(routes), 'OPTIONS'])].join(', ');
  const headers = ['allow', allowed];
  return {
    pattern,
    purpose: { kind: 'service' },
    handle: ({ request, requestId }) => {
      if (request.method === 'OPTIONS') return { status: 204, body: '', headers };
      const error = new AllSourceError(
        'method_not_allowed',
        `method: expected one of ${allowed}, got ${request.method ?? 'none'}`,
      );
      return { ...problemReply(error, requestId), headers };
    },
  };
}

function methodsOf(routes: readonly Route[]): readonly string[] {
  return routes.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
}

function unmatchedHandler(): Handler {
  return {
    pattern: 'unmatched',
    purpose: { kind: 'service' },
    handle: ({ request }) => {
      const path = request.url?.split('?', 1)[0] ?? '';
      throw new AllSourceError('route_not_found', `no route has the path ${shown(path)}`);
    },
  };
}

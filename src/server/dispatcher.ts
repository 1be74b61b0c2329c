import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { mountHandler } from './createApp.js';
import type { MountedRoute, PathParams, Route } from './http/index.js';
import {
  appendBatchRoute,
  appendRoute,
  eventRoute,
  queryRoute,
  stateRoute,
} from './routes/index.js';
import type { Runtime } from './runtime.js';
import { serve } from './serve.js';

const noParams: PathParams = {};
const eventsPrefix = '/api/v1/events/';
const eventPathLength = eventsPrefix.length + 36;
const entitiesPrefix = '/api/v1/entities/';
const stateSuffix = '/state';

/**
 * The listener of a server's requests: the hot routes are matched by comparing text and served at
 * once, everything else, odd spellings included, goes through Express, which serves the same
 * routes. Express costs 200-300 µs a request, ten times the work itself.
 */
export function createDispatcher(runtime: Runtime, app: RequestListener): RequestListener {
  const mount = (route: Route): MountedRoute => mountHandler(runtime, route, route.method);
  const append = mount(appendRoute);
  const appendBatch = mount(appendBatchRoute);
  const query = mount(queryRoute);
  const event = mount(eventRoute);
  const state = mount(stateRoute);

  function dispatch(request: IncomingMessage, response: ServerResponse): boolean {
    const path = plainPath(request.url ?? '');
    if (request.method === 'POST') {
      if (path === appendRoute.pattern) return send(append, noParams);
      if (path === appendBatchRoute.pattern) return send(appendBatch, noParams);
      return false;
    }
    if (request.method !== 'GET') return false;
    if (path === queryRoute.pattern) return send(query, noParams);
    if (path.length === eventPathLength && path.startsWith(eventsPrefix)) {
      const eventId = segment(path.slice(eventsPrefix.length));
      return eventId !== undefined && send(event, { event_id: eventId });
    }
    if (path.startsWith(entitiesPrefix) && path.endsWith(stateSuffix)) {
      const entityId = segment(path.slice(entitiesPrefix.length, -stateSuffix.length));
      return entityId !== undefined && send(state, { entity_id: entityId });
    }
    return false;

    function send(mounted: MountedRoute, params: PathParams): true {
      serve(mounted, { request, response, params });
      return true;
    }
  }

  return (request, response) => {
    if (!dispatch(request, response)) app(request, response);
  };
}

/** The path of a URL without its query; empty, and so unmatched, where the URL is unusual. */
function plainPath(url: string): string {
  if (url.includes('#')) return '';
  const mark = url.indexOf('?');
  return mark < 0 ? url : url.slice(0, mark);
}

/** One decoded path segment; undefined where Express has to say what is wrong with it. */
function segment(text: string): string | undefined {
  if (text === '' || text.includes('/')) return undefined;
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

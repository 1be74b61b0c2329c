import { Type } from '@sinclair/typebox';
import { AllSourceError } from '../../domain/index.js';
import {
  type Exchange,
  type Reply,
  type Route,
  eventStreamType,
  preferredType,
} from '../http/index.js';
import { streamQuery } from '../schemas/index.js';
import { eventStreamChunks, positionAfter, streamFromQuery, streamPath } from '../stream/index.js';

export const streamRoute: Route = {
  method: 'GET',
  pattern: streamPath,
  purpose: { kind: 'query', queryType: 'stream' },
  operation: {
    id: 'streamEvents',
    summary:
      'Events as they become durable, or messages of a topic, after those that ' +
      'the log has from from_position on: server-sent events (id = position, Last-Event-ID ' +
      'resumes), or a WebSocket on the same path',
    tag: 'events',
    query: streamQuery,
    answers: { [eventStreamType]: Type.String() },
    errors: ['invalid_query', 'unprocessable'],
  },
  handle: streamEvents,
};

function streamEvents(exchange: Exchange): Reply {
  const { headers } = exchange.request;
  if (headers.upgrade?.toLowerCase() === 'websocket') {
    throw new AllSourceError(
      'unprocessable',
      'this server was made without WebSockets: use listen or attachWebSocket, or accept ' +
        eventStreamType,
    );
  }
  if (preferredType(headers.accept, [eventStreamType]) === undefined) {
    throw new AllSourceError(
      'unprocessable',
      `accept: expected ${eventStreamType}, or a WebSocket upgrade`,
    );
  }
  const { options, topic } = streamFromQuery(exchange.queryText, exchange.principal);
  const lastEventId = headers['last-event-id'];
  const resumed =
    typeof lastEventId === 'string' && lastEventId !== ''
      ? { ...options, from: positionAfter(lastEventId) }
      : options;
  return {
    status: 200,
    contentType: eventStreamType,
    // Proxies that collect answers would hold events back.
    headers: ['x-accel-buffering', 'no'],
    chunks: eventStreamChunks(exchange, { options: resumed, topic }),
  };
}

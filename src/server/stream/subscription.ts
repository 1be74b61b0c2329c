import { AllSourceError } from '../../domain/index.js';
import type { EventStore } from '../../eventStore/index.js';
import { parseQueryText } from '../http/index.js';
import {
  type StreamQuery,
  type SubscribeFrame,
  frameReader,
  queryReader,
  streamQuery,
  subscribeFrame,
} from '../schemas/index.js';
import type { Subscription } from './followLog.js';

type StreamFilter = {
  readonly [K in keyof Omit<SubscribeFrame, 'type'>]: SubscribeFrame[K] | undefined;
};

const defaultTenant = 'default';
const readStreamQuery = queryReader(streamQuery);
const readSubscribeFrame = frameReader(subscribeFrame);

export interface RequestedStream {
  readonly subscription: Subscription;
  /** True where the client spoke the new form: it gets frames with a `type`. */
  readonly isFramed: boolean;
}

/** What the URL of a stream asks for; throws `invalid_query`. */
export function streamFromQuery(store: EventStore, queryText: string): RequestedStream {
  const query: StreamQuery = readStreamQuery(parseQueryText(queryText));
  const { entity_id, event_type, event_type_prefix, tag: tags, from_position } = query;
  const filter = { entity_id, event_type, event_type_prefix, tags, from_position };
  return {
    subscription: subscriptionOf(store, filter, query.tenant_id ?? defaultTenant),
    isFramed: Object.values(filter).some((value) => value !== undefined),
  };
}

/** What a text frame asks for; throws `invalid_json` and `validation_error`. */
export function streamFromFrame(
  store: EventStore,
  text: string,
  tenantId: string,
): RequestedStream {
  const frame = readSubscribeFrame(parseFrame(text));
  const isFramed = frame.type === 'subscribe';
  const newInFrame = frame.from_position ?? frame.event_type_prefix ?? frame.tags ?? null;
  if (!isFramed && newInFrame !== null) {
    const reason = 'expected "subscribe" with from_position, event_type_prefix and tags';
    throw new AllSourceError('validation_error', `field type: ${reason}`, {
      details: [{ field: 'type', reason }],
    });
  }
  return { subscription: subscriptionOf(store, frame, tenantId), isFramed };
}

/** `Last-Event-ID` names the last position that the client has; throws `invalid_query`. */
export function positionAfter(lastEventId: string): number {
  const position = /^[0-9]{1,16}$/.test(lastEventId) ? Number(lastEventId) : Number.NaN;
  if (Number.isSafeInteger(position)) return position + 1;
  throw new AllSourceError('invalid_query', 'last-event-id: expected the id of an earlier event');
}

function subscriptionOf(store: EventStore, filter: StreamFilter, tenantId: string): Subscription {
  return {
    tenantId,
    entityId: filter.entity_id ?? undefined,
    eventType: filter.event_type ?? undefined,
    eventTypePrefix: filter.event_type_prefix ?? undefined,
    tags: filter.tags ?? undefined,
    fromPosition: filter.from_position ?? store.watermark + 1,
  };
}

function parseFrame(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AllSourceError('invalid_json', 'expected a frame of JSON');
  }
}

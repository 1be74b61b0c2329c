import { AllSourceError, tenantFor, toMatches } from '../../domain/index.js';
import type { EventMatch, Principal } from '../../domain/index.js';
import type { BytesChunk, Deliveries, SubscribeOptions } from '../../eventStore/index.js';
import type { EmbeddedStore } from '../../store/index.js';
import { parseQueryText } from '../http/index.js';
import {
  type StreamQuery,
  type SubscribeFrame,
  creditFrame,
  frameReader,
  matchesOfText,
  queryReader,
  streamQuery,
  subscribeFrame,
} from '../schemas/index.js';
import { type DeliveredKind, type MessageFormat, bytesFormOf } from './messages.js';

const readStreamQuery = queryReader(streamQuery);
const readSubscribeFrame = frameReader(subscribeFrame);
const readCreditFrame = frameReader(creditFrame);

export interface RequestedStream {
  readonly options: SubscribeOptions & { readonly tenantId: string };
  /** Undefined where it is about events. */
  readonly topic: string | undefined;
  readonly format: MessageFormat;
  /** Events that the client takes before it gives more; undefined = all. */
  readonly credit: number | undefined;
}

/** The one way by which events, and messages of topics, get to whoever asked for them. */
export function deliveriesOf(
  store: EmbeddedStore,
  { options, topic, format }: Pick<RequestedStream, 'options' | 'topic' | 'format'>,
  signal: AbortSignal,
): Deliveries<BytesChunk> {
  const form = bytesFormOf[format];
  if (topic === undefined) return store.wire.follow({ ...options, signal }, form);
  const { tenantId, from } = options;
  return store.pipelines.wire.follow(topic, { tenantId, from, signal }, form);
}

export function kindOf({ topic }: RequestedStream): DeliveredKind {
  return topic === undefined ? 'event' : 'message';
}

/** What a text frame asks for: a subscription in the place of the one before, or more of that. */
export type ClientFrame =
  | { readonly kind: 'subscribe'; readonly requested: RequestedStream }
  | { readonly kind: 'credit'; readonly events: number };

/** What the URL of a stream asks for; throws `invalid_query`, `forbidden`. */
export function streamFromQuery(queryText: string, caller: Principal): RequestedStream {
  const query: StreamQuery = readStreamQuery(parseQueryText(queryText));
  const { entity_id, event_type, event_type_prefix, tag: tags } = query;
  const { from_position, from_timestamp, upcast } = query;
  const match = matchesOfText(query.match);
  const filter = { entity_id, event_type, event_type_prefix, tags, match };
  const wanted = { ...filter, topic: query.topic, from_position, from_timestamp, upcast };
  const isFramed = Object.values(wanted).some((value) => value !== undefined);
  return {
    options: optionsOf(wanted, tenantFor(caller, query.tenant_id)),
    topic: topicOf(wanted),
    format: isFramed ? 'event' : 'bare',
    credit: undefined,
  };
}

/** Throws `invalid_json` and `validation_error`. */
export function readClientFrame(text: string, tenantId: string): ClientFrame {
  const frame = parseFrame(text);
  if (isCreditFrame(frame)) return { kind: 'credit', events: readCreditFrame(frame).events };
  return { kind: 'subscribe', requested: streamFromFrame(readSubscribeFrame(frame), tenantId) };
}

function streamFromFrame(frame: SubscribeFrame, tenantId: string): RequestedStream {
  const isFramed = frame.type === 'subscribe';
  const { type: _type, entity_id: _entity, event_type: _eventType, ...rest } = frame;
  const { match, batch, credit } = rest;
  const newInFrame = Object.values(rest).find((value) => value !== null && value !== undefined);
  if (!isFramed && newInFrame !== undefined) {
    const reason = 'expected "subscribe" with all but entity_id and event_type';
    throw new AllSourceError('validation_error', `field type: ${reason}`, {
      details: [{ field: 'type', reason }],
    });
  }
  const wanted = { ...frame, match: toMatches(match) };
  return {
    options: optionsOf(wanted, tenantId),
    topic: topicOf(wanted),
    format: batch === true ? 'batch' : isFramed ? 'event' : 'bare',
    credit: credit ?? undefined,
  };
}

function isCreditFrame(frame: unknown): boolean {
  return typeof frame === 'object' && frame !== null && 'type' in frame && frame.type === 'credit';
}

/** `Last-Event-ID` names the last position that the client has; throws `invalid_query`. */
export function positionAfter(lastEventId: string): number {
  const position = /^[0-9]{1,16}$/.test(lastEventId) ? Number(lastEventId) : Number.NaN;
  if (Number.isSafeInteger(position)) return position + 1;
  throw new AllSourceError('invalid_query', 'last-event-id: expected the id of an earlier event');
}

type StreamFilter = {
  readonly [K in keyof Omit<StreamQuery, 'tenant_id' | 'tag' | 'match' | 'access_token'>]:
    StreamQuery[K] | null | undefined;
} & {
  readonly tags?: readonly string[] | null | undefined;
  readonly match?: readonly EventMatch[] | undefined;
};

/** A topic has nothing that is about events: its messages are none. */
function topicOf({ topic, ...rest }: StreamFilter): string | undefined {
  if (topic === null || topic === undefined) return undefined;
  const { entity_id, event_type, event_type_prefix, tags, match, upcast } = rest;
  const ofEvents = { entity_id, event_type, event_type_prefix, tags, match, upcast };
  const [given] =
    Object.entries(ofEvents).find(([, value]) => value !== null && value !== undefined) ?? [];
  if (given === undefined) return topic;
  const reason = `expected nothing that is about events beside it, got ${given}`;
  throw new AllSourceError('invalid_query', `topic: ${reason}`, {
    details: [{ field: 'topic', reason }],
  });
}

function optionsOf(filter: StreamFilter, tenantId: string): RequestedStream['options'] {
  return {
    tenantId,
    filter: {
      entityId: filter.entity_id ?? undefined,
      eventType: filter.event_type ?? undefined,
      eventTypePrefix: filter.event_type_prefix ?? undefined,
      tags: filter.tags ?? undefined,
      match: filter.match,
    },
    from: fromOf(filter),
    upcast: filter.upcast ?? undefined,
  };
}

export function parseFrame(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AllSourceError('invalid_json', 'expected a frame of JSON');
  }
}

function fromOf({ from_position, from_timestamp }: StreamFilter): SubscribeOptions['from'] {
  if (from_timestamp === null || from_timestamp === undefined) return from_position ?? 'now';
  if (from_position === null || from_position === undefined) return { timestamp: from_timestamp };
  const reason = 'expected from_position or from_timestamp, got both';
  throw new AllSourceError('invalid_query', `from_timestamp: ${reason}`, {
    details: [{ field: 'from_timestamp', reason }],
  });
}

import type { StoredEvent, SubscriptionFilter } from '../domain/index.js';
import type { EventBatch, SubscribeOptions, Subscription } from '../eventStore/index.js';
import type { Connection } from './connection.js';
import { type Begin, LiveStream } from './liveStream.js';
import { badOption, toMatch, toTime } from './wire/parameters.js';

const optionNames: ReadonlySet<string> = new Set(['tenantId', 'filter', 'from', 'signal']);

/** Matching events over a WebSocket; throws `invalid_query` and `store_closed`. */
export function subscribe(connection: Connection, options: SubscribeOptions): Subscription {
  connection.mustBeOpen();
  const { filter = {}, from = 'now', tenantId = 'default', signal, ...rest } = options;
  const [unknown] = Object.keys(rest).filter((name) => !optionNames.has(name));
  if (unknown !== undefined) {
    throw badOption(unknown, `not an option here; they are ${[...optionNames].join(', ')}`);
  }
  const stream = new LiveStream(connection, {
    tenantId: text('tenantId', tenantId),
    filter: toFrame(filter),
    begin: toBegin(from),
    signal,
  });
  return { [Symbol.asyncIterator]: () => batches(stream), events: () => events(stream) };
}

async function* batches(stream: LiveStream): AsyncGenerator<EventBatch> {
  try {
    for (;;) {
      const batch = await stream.next();
      if (batch === undefined) return;
      yield batch;
    }
  } finally {
    stream.close();
  }
}

async function* events(stream: LiveStream): AsyncGenerator<StoredEvent> {
  for await (const batch of batches(stream)) {
    for (const event of batch.events) {
      if (stream.hasEnded) return;
      yield event;
    }
  }
}

function toFrame(filter: SubscriptionFilter): object {
  const { entityId, eventType, eventTypePrefix, tags, match, ...rest } = filter;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw badOption(`filter.${unknown}`, 'not known in a filter');
  return {
    ...(entityId !== undefined && { entity_id: text('filter.entityId', entityId) }),
    ...(eventType !== undefined && { event_type: text('filter.eventType', eventType) }),
    ...(eventTypePrefix !== undefined && {
      event_type_prefix: text('filter.eventTypePrefix', eventTypePrefix),
    }),
    ...(tags !== undefined && { tags }),
    ...(match !== undefined && { match: toMatch('filter.match', match) }),
  };
}

function toBegin(from: NonNullable<SubscribeOptions['from']>): Begin {
  if (from === 'now') return from;
  if (from === 'beginning') return 1;
  if (Number.isSafeInteger(from) && Number(from) >= 0) return Math.max(Number(from), 1);
  if (typeof from === 'object' && from !== null && 'timestamp' in from) {
    return { timestamp: toTime('from.timestamp', from.timestamp) };
  }
  throw badOption('from', "expected 'beginning', 'now', a position or { timestamp }");
}

function text(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw badOption(name, `expected a string, got ${typeof value}`);
}

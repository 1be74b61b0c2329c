import type { StoredEvent } from '../domain/index.js';
import type { EventBatch, SubscribeOptions, Subscription } from '../eventStore/index.js';
import type { Connection } from './connection.js';
import { type Begin, LiveStream } from './liveStream.js';
import { toWireFilter } from './wire/consumerDocuments.js';
import { toEvent } from './wire/documents.js';
import { badOption, checkNames, toTime } from './wire/parameters.js';

const optionNames: ReadonlySet<string> = new Set([
  'tenantId',
  'filter',
  'from',
  'upcast',
  'signal',
]);

/** Matching events over a WebSocket; throws `invalid_query` and `store_closed`. */
export function subscribe(connection: Connection, options: SubscribeOptions): Subscription {
  connection.mustBeOpen();
  checkNames(options, optionNames);
  const { filter = {}, from = 'now', tenantId = 'default', upcast, signal } = options;
  const stream = new LiveStream(connection, {
    tenantId: tenantTextOf(tenantId),
    kind: 'events',
    read: toEvent,
    filter: { ...toWireFilter(filter), upcast: upcastOf(upcast) },
    begin: toBegin(from),
    signal,
  });
  return { [Symbol.asyncIterator]: () => batches(stream), events: () => events(stream) };
}

async function* batches(stream: LiveStream<StoredEvent>): AsyncGenerator<EventBatch> {
  try {
    for (;;) {
      const batch = await stream.next();
      if (batch === undefined) return;
      const { items, position, mark } = batch;
      yield { events: items, position, mark };
    }
  } finally {
    stream.close();
  }
}

async function* events(stream: LiveStream<StoredEvent>): AsyncGenerator<StoredEvent> {
  for await (const batch of batches(stream)) {
    for (const event of batch.events) {
      if (stream.hasEnded) return;
      yield event;
    }
  }
}

/** Throws `invalid_query`. */
export function toBegin(from: NonNullable<SubscribeOptions['from']>): Begin {
  if (from === 'now') return from;
  if (from === 'beginning') return 1;
  if (Number.isSafeInteger(from) && Number(from) >= 0) return Math.max(Number(from), 1);
  if (typeof from === 'object' && from !== null && 'timestamp' in from) {
    return { timestamp: toTime('from.timestamp', from.timestamp) };
  }
  throw badOption('from', "expected 'beginning', 'now', a position or { timestamp }");
}

/** The server knows the values; here only what would not reach it as it is. */
function upcastOf(upcast: unknown): string | undefined {
  if (upcast === undefined || typeof upcast === 'string') return upcast;
  throw badOption('upcast', `expected 'latest', got ${typeof upcast}`);
}

export function tenantTextOf(tenantId: unknown): string {
  if (typeof tenantId === 'string') return tenantId;
  throw badOption('tenantId', `expected a string, got ${typeof tenantId}`);
}

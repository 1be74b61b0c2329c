import { AllSourceError } from '../../domain/index.js';
import type { StoredEvent, SubscriptionFilter } from '../../domain/index.js';
import type { Follower } from './follower.js';
import { checkedLimit, microsOf, toEngineQuery } from './query.js';
import type { EngineQuery } from './query.js';
import type { ObjectsChunk } from './reader.js';
import type { EventBatch, SubscribeOptions, Subscription } from '../types.js';

/** Events of a batch at most. */
const batchEvents = 256;

const optionNames: Readonly<Record<keyof SubscribeOptions, true>> = {
  tenantId: true,
  filter: true,
  from: true,
  upcast: true,
  signal: true,
};

/** The query of a subscription that begins when the log is at `watermark`; throws `invalid_query`. */
export function queryOf(options: SubscribeOptions, watermark: number): EngineQuery {
  for (const name in options) if (!(name in optionNames)) throw unknownOption(name);
  const query = filteredQuery(options.tenantId, options.filter ?? {});
  const { from = 'now' } = options;
  if (typeof from === 'object' && from !== null && 'timestamp' in from) {
    query.firstPosition = 1;
    query.sinceMicros = microsOf(from.timestamp, 'from.timestamp');
  } else {
    query.firstPosition = firstPositionOf(from, watermark);
  }
  return query;
}

function filteredQuery(tenantId: string | undefined, filter: SubscriptionFilter): EngineQuery {
  const { entityId, eventType, eventTypePrefix, tags, match, ...rest } = filter;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw unknownFilter(unknown);
  return toEngineQuery({ tenantId, entityId, eventType, eventTypePrefix, tags, match });
}

function firstPositionOf(from: 'beginning' | 'now' | number, watermark: number): number {
  if (from === 'now') return watermark + 1;
  if (from === 'beginning') return 1;
  if (typeof from === 'number') {
    return Math.max(checkedLimit(from, 0, Number.MAX_SAFE_INTEGER, 'from'), 1);
  }
  const reason = "expected 'beginning', 'now', a position or { timestamp }";
  throw new AllSourceError('invalid_query', `from: ${reason}, got ${JSON.stringify(from)}`, {
    details: [{ field: 'from', reason }],
  });
}

/** A follower as the API shows it. */
export function subscriptionOver(follower: Follower<ObjectsChunk>): Subscription {
  return {
    [Symbol.asyncIterator]: () => batches(follower),
    events: () => events(follower),
  };
}

async function* batches(follower: Follower<ObjectsChunk>): AsyncGenerator<EventBatch> {
  for (;;) {
    const delivery = await follower.next(batchEvents);
    if (delivery === undefined) return;
    const { chunk, position, mark } = delivery;
    yield { events: chunk?.events ?? [], position, mark };
  }
}

async function* events(follower: Follower<ObjectsChunk>): AsyncGenerator<StoredEvent> {
  for await (const batch of batches(follower)) {
    for (const event of batch.events) {
      if (follower.hasEnded) return;
      yield event;
    }
  }
}

function unknownOption(name: string): AllSourceError {
  const known = Object.keys(optionNames).join(', ');
  return new AllSourceError(
    'invalid_query',
    `${name}: not an option of a subscription; they are ${known}`,
    { details: [{ field: name, reason: 'not known' }] },
  );
}

function unknownFilter(name: string): AllSourceError {
  const field = `filter.${name}`;
  return new AllSourceError(
    'invalid_query',
    `${field}: not known; a filter has entityId, eventType, eventTypePrefix, tags and match`,
    { details: [{ field, reason: 'not known' }] },
  );
}

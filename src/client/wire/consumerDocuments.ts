import type { ConsumerInfo, ConsumerOptions, DeadLetter } from '../../consumers/index.js';
import { toMatches } from '../../domain/index.js';
import type { SubscriptionFilter } from '../../domain/index.js';
import { errorOfProblem } from './answers.js';
import type { Problem } from './answers.js';
import { microsOf } from './documents.js';
import { badOption, checkNames, toMatch, toTime } from './parameters.js';

type WireMatches = Parameters<typeof toMatches>[0];

export interface WireFilter {
  readonly entity_id: string | null;
  readonly event_type: string | null;
  readonly event_type_prefix: string | null;
  readonly tags: readonly string[];
  readonly match: WireMatches;
}

export interface WireConsumer {
  readonly name: string;
  readonly tenant_id: string;
  readonly filter: WireFilter;
  readonly start_position: number;
  readonly max_in_flight: number;
  readonly ack_timeout_seconds: number;
  readonly max_attempts: number;
  readonly cursor: number;
  readonly lag: number;
  readonly in_flight: number;
  readonly dead_letters: number;
  readonly last_delivery_at: string | null;
  readonly delivered: number;
  readonly redelivered: number;
  readonly acknowledged: number;
  readonly members: readonly {
    readonly member: string;
    readonly partitions: readonly number[];
    readonly in_flight: number;
    readonly oldest_delivery_ms: number | null;
    readonly stuck: boolean;
    readonly idle_ms: number;
  }[];
  readonly failure: Problem | null;
}

export interface WireDeadLetter {
  readonly position: number;
  readonly partition: number;
  readonly attempts: number;
  readonly reason: string;
  readonly failed_at: string;
  readonly replayed: boolean;
}

export function toConsumerInfo(consumer: WireConsumer): ConsumerInfo {
  return {
    name: consumer.name,
    tenantId: consumer.tenant_id,
    filter: toFilter(consumer.filter),
    start: consumer.start_position - 1,
    maxInFlight: consumer.max_in_flight,
    ackTimeoutMs: consumer.ack_timeout_seconds * 1000,
    maxAttempts: consumer.max_attempts,
    cursor: consumer.cursor,
    lag: consumer.lag,
    inFlight: consumer.in_flight,
    deadLetters: consumer.dead_letters,
    lastDeliveryAt: consumer.last_delivery_at === null ? null : microsOf(consumer.last_delivery_at),
    delivered: consumer.delivered,
    redelivered: consumer.redelivered,
    acknowledged: consumer.acknowledged,
    members: consumer.members.map((state) => ({
      member: state.member,
      partitions: state.partitions,
      inFlight: state.in_flight,
      oldestDeliveryMs: state.oldest_delivery_ms,
      isStuck: state.stuck,
      idleMs: state.idle_ms,
    })),
    failure: consumer.failure === null ? null : errorOfProblem(consumer.failure),
  };
}

export function toDeadLetter(letter: WireDeadLetter): DeadLetter {
  return {
    position: letter.position,
    partition: letter.partition,
    attempts: letter.attempts,
    reason: letter.reason,
    failedAt: microsOf(letter.failed_at),
    isReplayed: letter.replayed,
  };
}

export function toFilter(filter: WireFilter): SubscriptionFilter {
  const match = toMatches(filter.match);
  return {
    ...(filter.entity_id !== null && { entityId: filter.entity_id }),
    ...(filter.event_type !== null && { eventType: filter.event_type }),
    ...(filter.event_type_prefix !== null && { eventTypePrefix: filter.event_type_prefix }),
    ...(filter.tags.length > 0 && { tags: filter.tags }),
    ...(match !== undefined && { match }),
  };
}

const filterNames: ReadonlySet<string> = new Set([
  'entityId',
  'eventType',
  'eventTypePrefix',
  'tags',
  'match',
]);

/** Values are checked by the server. Throws `invalid_query` for names that it does not know. */
export function toWireFilter(filter: SubscriptionFilter): object {
  checkNames(filter, filterNames, { within: 'filter.' });
  const { entityId, eventType, eventTypePrefix, tags, match } = filter;
  return {
    entity_id: entityId,
    event_type: eventType,
    event_type_prefix: eventTypePrefix,
    tags,
    match: match === undefined ? undefined : toMatch('filter.match', match),
  };
}

export function toWireStart(from: NonNullable<ConsumerOptions['from']>): string | number {
  if (typeof from === 'object' && from !== null) return toTime('from.timestamp', from.timestamp);
  if (from === 'beginning' || from === 'now') return from;
  if (Number.isSafeInteger(from) && from >= 0) return Math.max(from, 1);
  throw badOption('from', "expected 'beginning', 'now', a position or { timestamp }");
}

/** What consumers and webhooks are both made with. */
export function toWireCommon(
  options: Pick<ConsumerOptions, 'name' | 'tenantId' | 'filter' | 'from' | 'maxAttempts'>,
) {
  const { name, tenantId, filter, from, maxAttempts } = options;
  return {
    name,
    tenant_id: tenantId,
    filter: filter && toWireFilter(filter),
    start: from === undefined ? undefined : toWireStart(from),
    max_attempts: maxAttempts,
  };
}

/** Milliseconds of the API in seconds, which the wire has. */
export function toSeconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / 1000;
}

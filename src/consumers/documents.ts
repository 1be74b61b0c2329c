import { formatTimestamp, toFilterDocument } from '../domain/index.js';
import type { DeadLetter } from './log/deadLetters.js';
import type { ConsumerInfo } from './types.js';

// In the wire names, for the server and the command line.

export function consumerDocument(info: ConsumerInfo) {
  return {
    name: info.name,
    tenant_id: info.tenantId,
    filter: toFilterDocument(info.filter),
    start_position: info.start + 1,
    max_in_flight: info.maxInFlight,
    ack_timeout_seconds: info.ackTimeoutMs / 1000,
    max_attempts: info.maxAttempts,
    cursor: info.cursor,
    lag: info.lag,
    in_flight: info.inFlight,
    dead_letters: info.deadLetters,
    last_delivery_at: info.lastDeliveryAt === null ? null : formatTimestamp(info.lastDeliveryAt),
    delivered: info.delivered,
    redelivered: info.redelivered,
    acknowledged: info.acknowledged,
    members: info.members.map((state) => ({
      member: state.member,
      partitions: [...state.partitions],
      in_flight: state.inFlight,
      oldest_delivery_ms: state.oldestDeliveryMs,
      stuck: state.isStuck,
      idle_ms: state.idleMs,
    })),
    failure:
      info.failure === null ? null : { code: info.failure.code, error: info.failure.message },
  };
}

export function deadLetterDocument(letter: DeadLetter) {
  return {
    position: letter.position,
    partition: letter.partition,
    attempts: letter.attempts,
    reason: letter.reason,
    failed_at: formatTimestamp(letter.failedAt),
    replayed: letter.isReplayed,
  };
}

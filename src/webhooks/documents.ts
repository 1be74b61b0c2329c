import { formatTimestamp, toFilterDocument } from '../domain/index.js';
import type { WebhookDelivery, WebhookInfo } from './types.js';

// In the wire names, for the server and the command line.

export function webhookDocument(info: WebhookInfo) {
  return {
    name: info.name,
    tenant_id: info.tenantId,
    pipeline_id: info.pipelineId,
    url: info.url,
    filter: toFilterDocument(info.filter),
    max_attempts: info.maxAttempts,
    timeout_seconds: info.timeoutMs / 1000,
    pause_after: info.pauseAfter,
    status: info.status,
    pause_reason: info.pauseReason,
    cursor: info.cursor,
    lag: info.lag,
    dead_letters: info.deadLetters,
    failures: info.failures,
    taken: info.taken,
    refused: info.refused,
    unanswered: info.unanswered,
  };
}

export function deliveryDocument(delivery: WebhookDelivery) {
  return {
    event_id: delivery.eventId,
    position: delivery.position,
    attempt: delivery.attempt,
    at: formatTimestamp(delivery.at),
    duration_ms: delivery.durationMs,
    status: delivery.status,
    error: delivery.error,
  };
}

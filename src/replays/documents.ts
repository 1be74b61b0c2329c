import { formatTimestamp } from '../domain/index.js';
import type { ReplayInfo } from './types.js';

/** A replay in the wire names. */
export function replayDocument(info: ReplayInfo) {
  const { completedAt } = info;
  return {
    replay_id: info.replayId,
    tenant_id: info.tenantId,
    projections: info.projections,
    mode: info.mode,
    status: info.status,
    started_at: formatTimestamp(info.startedAt),
    updated_at: formatTimestamp(info.updatedAt),
    completed_at: completedAt === null ? null : formatTimestamp(completedAt),
    total_events: info.totalEvents,
    processed_events: info.processedEvents,
    failed_events: info.failedEvents,
    progress_percentage: info.progressPercentage,
    events_per_second: info.eventsPerSecond,
    remaining_seconds: info.remainingSeconds,
    error_message: info.errorMessage,
  };
}

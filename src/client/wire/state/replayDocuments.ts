import { parseTimestamp } from '../../../domain/index.js';
import type { JsonObject } from '../../../domain/index.js';
import type { ReplayConfig, ReplayInfo, ReplayRequest } from '../../../replays/index.js';
import { checkNames, toTime } from '../parameters.js';

/** A replay as the server sends it. */
export interface WireReplay {
  readonly replay_id: string;
  readonly tenant_id: string;
  readonly projections: readonly string[];
  readonly mode: ReplayInfo['mode'];
  readonly status: ReplayInfo['status'];
  readonly started_at: string;
  readonly updated_at: string;
  readonly completed_at: string | null;
  readonly total_events: number;
  readonly processed_events: number;
  readonly failed_events: number;
  readonly progress_percentage: number;
  readonly events_per_second: number;
  readonly remaining_seconds: number | null;
  readonly error_message: string | null;
}

const requestNames: ReadonlySet<string> = new Set([
  'tenantId',
  'projectionName',
  'fromTimestamp',
  'toTimestamp',
  'entityId',
  'eventType',
  'mode',
  'config',
]);
const configNames: ReadonlySet<string> = new Set([
  'batchSize',
  'parallel',
  'workers',
  'partitions',
  'emitProgress',
  'progressInterval',
]);

export function toReplay(replay: WireReplay): ReplayInfo {
  const { completed_at: completedAt } = replay;
  return {
    replayId: replay.replay_id,
    tenantId: replay.tenant_id,
    projections: replay.projections,
    mode: replay.mode,
    status: replay.status,
    startedAt: parseTimestamp(replay.started_at, 'started_at'),
    updatedAt: parseTimestamp(replay.updated_at, 'updated_at'),
    completedAt: completedAt === null ? null : parseTimestamp(completedAt, 'completed_at'),
    totalEvents: replay.total_events,
    processedEvents: replay.processed_events,
    failedEvents: replay.failed_events,
    progressPercentage: replay.progress_percentage,
    eventsPerSecond: replay.events_per_second,
    remainingSeconds: replay.remaining_seconds,
    errorMessage: replay.error_message,
  };
}

export function fromRequest(request: ReplayRequest): JsonObject {
  const code = 'validation_error';
  checkNames(request, requestNames, { code });
  const { fromTimestamp, toTimestamp, config } = request;
  if (config !== undefined) checkNames(config, configNames, { within: 'config.', code });
  const timeOf = (option: string, time: number | string | undefined) =>
    time === undefined ? undefined : toTime(option, time);
  return {
    tenant_id: request.tenantId,
    projection_name: request.projectionName,
    from_timestamp: timeOf('fromTimestamp', fromTimestamp),
    to_timestamp: timeOf('toTimestamp', toTimestamp),
    entity_id: request.entityId,
    event_type: request.eventType,
    mode: request.mode,
    config: config && fromConfig(config),
  };
}

function fromConfig(config: ReplayConfig): JsonObject {
  return {
    batch_size: config.batchSize,
    parallel: config.parallel,
    workers: config.workers,
    partitions: config.partitions,
    emit_progress: config.emitProgress,
    progress_interval: config.progressInterval,
  };
}

import { formatTimestamp } from '../domain/index.js';
import type { JsonObject } from '../domain/index.js';
import { definitionToWire } from '../pipelines/index.js';
import type { Dropped, Emission, PipelineStatistics } from '../pipelines/index.js';
import type { DroppedEvent, PipelineInfo, TestedPipeline } from './types.js';

/** A pipeline in the wire names: its definition, and how it is doing. */
export function pipelineDocument(info: PipelineInfo) {
  return {
    id: info.id,
    ...(info.definition === null ? unknownDefinition(info) : definitionToWire(info.definition)),
    status: info.status,
    failure: info.failure,
    position: info.position,
    lag: info.lag,
    stats: { ...countsOf(info.statistics), last_processed: timeOf(info.lastProcessed) },
  };
}

function unknownDefinition({ name, tenantId }: PipelineInfo): JsonObject {
  return { name, tenant_id: tenantId, enabled: true, operators: null };
}

export function statisticsDocument({ id, statistics, lastProcessed, position, lag }: PipelineInfo) {
  return {
    pipeline_id: id,
    ...countsOf(statistics),
    last_processed: timeOf(lastProcessed),
    position,
    lag,
  };
}

export function testDocument({ emissions, dropped, statistics }: TestedPipeline) {
  return {
    emissions: emissions.map(emissionDocument),
    dropped: dropped.map(({ outcome, reason }: Dropped) => ({ outcome, reason })),
    stats: countsOf(statistics),
  };
}

export function droppedDocument({ position, outcome, reason }: DroppedEvent) {
  return { position, outcome, reason };
}

function countsOf(statistics: PipelineStatistics) {
  return {
    events_processed: statistics.processed,
    events_filtered: statistics.filtered,
    events_failed: statistics.failed,
    events_late: statistics.late,
    events_emitted: statistics.emitted,
    groups_evicted: statistics.evicted,
    open_panes: statistics.openPanes,
    last_position: statistics.position,
  };
}

function timeOf(micros: number | null): string | null {
  return micros === null ? null : formatTimestamp(micros);
}

function emissionDocument({ key, output, value, orderKey, time }: Emission) {
  const to =
    output.type === 'event'
      ? { type: output.type, event_type: output.eventType, entity_id: output.entityId }
      : output;
  return { key, output: to, value, order_key: orderKey, time: formatTimestamp(time) };
}

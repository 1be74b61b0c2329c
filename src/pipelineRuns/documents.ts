import { formatTimestamp } from '../domain/index.js';
import { definitionToWire } from '../pipelines/index.js';
import type { Dropped, Emission, PipelineStatistics } from '../pipelines/index.js';
import type { DroppedEvent, PipelineInfo, TestedPipeline } from './types.js';

/** A pipeline in the wire names: its definition, and whether it runs. */
export function pipelineDocument(info: PipelineInfo) {
  return {
    id: info.id,
    ...definitionToWire(info.definition),
    enabled: info.status !== 'paused',
    status: info.status,
    failure: info.failure,
  };
}

export function statisticsDocument({ id, statistics, lastProcessed, position, lag }: PipelineInfo) {
  return {
    pipeline_id: id,
    ...countsOf(statistics),
    last_processed: lastProcessed === null ? null : formatTimestamp(lastProcessed),
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
  };
}

function emissionDocument({ output, value, time }: Emission) {
  const to =
    output.type === 'event'
      ? { type: output.type, event_type: output.eventType, entity_id: output.entityId }
      : output;
  return { output: to, value, time: formatTimestamp(time) };
}

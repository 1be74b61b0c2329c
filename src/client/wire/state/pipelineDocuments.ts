import type { JsonObject, JsonValue } from '../../../domain/index.js';
import type {
  PipelineInfo,
  PipelineStatus,
  TestedPipeline,
  TopicMessage,
} from '../../../pipelineRuns/index.js';
import type { Emission, PipelineStatistics } from '../../../pipelines/index.js';
import { microsOf, toApiName } from '../documents.js';
import { toDefinition } from './pipelineDefinitions.js';

interface WireCounts {
  readonly events_processed: number;
  readonly events_filtered: number;
  readonly events_failed: number;
  readonly events_late: number;
  readonly events_emitted: number;
  readonly groups_evicted: number;
  readonly open_panes: number;
  readonly last_position: number;
}

/** A pipeline as the server sends it; the rest of its members are the definition. */
export interface WirePipeline extends JsonObject {
  readonly id: string;
  readonly tenant_id: string;
  readonly name: string;
  readonly status: PipelineStatus;
  readonly failure: string | null;
  readonly position: number;
  readonly lag: number;
  readonly stats: JsonObject & WireCounts & { readonly last_processed: string | null };
}

export interface WireTestedPipeline {
  readonly emissions: readonly {
    readonly key: string;
    readonly output: JsonObject;
    readonly value: JsonValue;
    readonly order_key: string;
    readonly time: string;
  }[];
  readonly dropped: TestedPipeline['dropped'];
  readonly stats: WireCounts;
}

export interface WireTopicMessage {
  readonly topic: string;
  readonly pipeline: string;
  readonly id: string;
  readonly value: JsonValue;
  readonly time: string;
  readonly position: number;
}

export function toPipeline(pipeline: WirePipeline): PipelineInfo {
  const { id, status, failure, position, lag, stats, ...definition } = pipeline;
  return {
    id,
    tenantId: pipeline.tenant_id,
    name: pipeline.name,
    status,
    definition: pipeline['operators'] === null ? null : toDefinition(definition),
    position,
    lag,
    statistics: toStatistics(stats),
    lastProcessed: stats.last_processed === null ? null : microsOf(stats.last_processed),
    failure,
  };
}

export function toTested({ emissions, dropped, stats }: WireTestedPipeline): TestedPipeline {
  return {
    emissions: emissions.map(({ key, output, value, order_key: orderKey, time }) => ({
      key,
      output: toOutput(output),
      value,
      orderKey,
      time: microsOf(time),
    })),
    dropped,
    statistics: toStatistics(stats),
  };
}

export function toTopicMessage({ time, ...message }: WireTopicMessage): TopicMessage {
  return { ...message, time: microsOf(time) };
}

function toOutput(output: JsonObject): Emission['output'] {
  const named = Object.entries(output).map(([name, value]) => [toApiName(name), value]);
  // The server made it of an output.
  return Object.fromEntries(named) as Emission['output'];
}

function toStatistics(counts: WireCounts): PipelineStatistics {
  return {
    processed: counts.events_processed,
    filtered: counts.events_filtered,
    failed: counts.events_failed,
    late: counts.events_late,
    emitted: counts.events_emitted,
    evicted: counts.groups_evicted,
    openPanes: counts.open_panes,
    position: counts.last_position,
  };
}

import { parseTimestamp } from '../../domain/index.js';
import type { JsonObject, JsonValue, StoredEvent } from '../../domain/index.js';
import type {
  AppendResult,
  BatchResult,
  EntityState,
  EntitySummary,
  EventTypeSummary,
  StatsDocument,
  StoreStats,
} from '../../eventStore/index.js';

// Documents of the HTTP API, and what the API has in their place.

export interface WireEvent {
  readonly id: string;
  readonly event_type: string;
  readonly entity_id: string;
  readonly tenant_id: string;
  readonly tags: readonly string[];
  readonly payload: JsonValue;
  readonly metadata: JsonObject | null;
  readonly timestamp: string;
  readonly version: number;
  readonly position: number;
  readonly partition: number;
  readonly schema_version?: number;
}

export interface WireResult {
  readonly event_id: string;
  readonly timestamp: string;
  readonly version: number;
  readonly position: number;
  readonly deduplicated: boolean;
}

export interface WireBatchResult {
  readonly ingested: number;
  readonly first_position: number;
  readonly last_position: number;
  readonly results?: readonly WireResult[];
}

interface WireTimes {
  readonly event_count: number;
  readonly first_timestamp: string;
  readonly last_timestamp: string;
}

export interface WireEntity extends WireTimes {
  readonly entity_id: string;
  readonly current_version: number;
}

export interface WireEventType extends WireTimes {
  readonly event_type: string;
}

export interface WireState {
  readonly entity_id: string;
  readonly last_updated: string;
  readonly event_count: number;
  readonly as_of: string | null;
  readonly version: number;
  readonly current_state: JsonObject;
  readonly history: readonly {
    readonly event_id: string;
    readonly type: string;
    readonly timestamp: string;
    readonly version: number;
    readonly payload: JsonValue;
  }[];
}

/** `event_type` as the API names it: `eventType`. */
export function toApiName(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

export function toEvent(event: WireEvent): StoredEvent {
  return {
    id: event.id,
    eventType: event.event_type,
    entityId: event.entity_id,
    tenantId: event.tenant_id,
    tags: event.tags,
    payload: event.payload,
    metadata: event.metadata,
    timestamp: microsOf(event.timestamp),
    version: event.version,
    position: event.position,
    partition: event.partition,
    ...(event.schema_version !== undefined && { schemaVersion: event.schema_version }),
  };
}

// Events of one append share their time.
let lastText = '';
let lastMicros = 0;

export function microsOf(text: string): number {
  if (text !== lastText) {
    lastMicros = parseTimestamp(text, 'timestamp');
    lastText = text;
  }
  return lastMicros;
}

export function toResult(result: WireResult): AppendResult {
  return {
    eventId: result.event_id,
    version: result.version,
    position: result.position,
    timestamp: microsOf(result.timestamp),
    deduplicated: result.deduplicated,
  };
}

export function toBatchResult(result: WireBatchResult): BatchResult {
  return {
    ingested: result.ingested,
    firstPosition: result.first_position,
    lastPosition: result.last_position,
    results: (result.results ?? []).map(toResult),
  };
}

export function toEntity(entity: WireEntity): EntitySummary {
  return {
    entityId: entity.entity_id,
    currentVersion: entity.current_version,
    ...toTimes(entity),
  };
}

export function toEventType(type: WireEventType): EventTypeSummary {
  return { eventType: type.event_type, ...toTimes(type) };
}

function toTimes({ event_count: eventCount, first_timestamp, last_timestamp }: WireTimes) {
  return {
    eventCount,
    firstTimestamp: microsOf(first_timestamp),
    lastTimestamp: microsOf(last_timestamp),
  };
}

export function toState(state: WireState): EntityState {
  return {
    entityId: state.entity_id,
    lastUpdated: microsOf(state.last_updated),
    eventCount: state.event_count,
    asOf: state.as_of === null ? null : microsOf(state.as_of),
    version: state.version,
    currentState: state.current_state,
    history: state.history.map((event) => ({
      eventId: event.event_id,
      type: event.type,
      timestamp: microsOf(event.timestamp),
      version: event.version,
      payload: event.payload,
    })),
  };
}

export function toStats(stats: StatsDocument): StoreStats {
  return {
    totalEvents: stats.total_events,
    totalEntities: stats.total_entities,
    totalEventTypes: stats.total_event_types,
    totalIngested: stats.total_ingested,
    watermark: stats.watermark,
    storageBytes: stats.storage_bytes,
    segments: stats.segments,
    firstPosition: stats.first_position,
  };
}

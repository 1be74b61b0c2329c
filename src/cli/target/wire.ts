import type { BatchResult } from '../../eventStore/index.js';

/** Documents of the HTTP API that the commands print for people; only the fields that they use. */

export interface WireEvent {
  readonly id: string;
  readonly event_type: string;
  readonly entity_id: string;
  readonly payload: unknown;
  readonly timestamp: string;
  readonly version: number;
  readonly position: number;
}

export interface WireState {
  readonly entity_id: string;
  readonly last_updated: string;
  readonly event_count: number;
  readonly as_of: string | null;
  readonly version: number;
  readonly current_state: Readonly<Record<string, unknown>>;
  readonly history: readonly {
    readonly event_id: string;
    readonly type: string;
    readonly timestamp: string;
    readonly version: number;
    readonly payload: unknown;
  }[];
}

export interface WireTopicMessage {
  readonly topic: string;
  readonly pipeline: string;
  readonly id: string;
  readonly value: unknown;
  readonly time: string;
  readonly position: number;
}

export interface WireBatchResult {
  readonly ingested: number;
  readonly first_position: number;
  readonly last_position: number;
}

export function toWireResult(result: BatchResult): WireBatchResult {
  return {
    ingested: result.ingested,
    first_position: result.firstPosition,
    last_position: result.lastPosition,
  };
}

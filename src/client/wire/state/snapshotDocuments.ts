import type { JsonValue } from '../../../domain/index.js';
import type { SnapshotInfo, SnapshotType } from '../../../state/index.js';
import { microsOf } from '../documents.js';

/** A snapshot as the server sends it. */
export interface WireSnapshot {
  readonly id: string;
  readonly entity_id: string;
  readonly created_at: string;
  readonly as_of: string;
  readonly event_count: number;
  readonly size_bytes: number;
  readonly snapshot_type: SnapshotType;
  readonly state_of: string;
}

export interface WireSnapshotState extends WireSnapshot {
  readonly state: JsonValue;
}

export function toSnapshot(snapshot: WireSnapshot): SnapshotInfo {
  return {
    id: snapshot.id,
    entityId: snapshot.entity_id,
    createdAt: microsOf(snapshot.created_at),
    asOf: microsOf(snapshot.as_of),
    eventCount: snapshot.event_count,
    sizeBytes: snapshot.size_bytes,
    snapshotType: snapshot.snapshot_type,
    stateOf: snapshot.state_of,
  };
}

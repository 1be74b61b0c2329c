import { formatTimestamp } from '../domain/index.js';
import type { SnapshotInfo } from './types.js';

/** A snapshot in the wire names, without its state. */
export function snapshotDocument(info: SnapshotInfo) {
  return {
    id: info.id,
    entity_id: info.entityId,
    created_at: formatTimestamp(info.createdAt),
    as_of: formatTimestamp(info.asOf),
    event_count: info.eventCount,
    size_bytes: info.sizeBytes,
    snapshot_type: info.snapshotType,
    state_of: info.stateOf,
  };
}

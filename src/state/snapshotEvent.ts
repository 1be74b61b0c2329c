import type { StoredEvent } from '../domain/index.js';
import { snapshotTenantOf } from '../eventStore/index.js';
import type { SnapshotInfo, SnapshotType } from './types.js';

const typePrefix = 'snapshot.';
const reducerPrefix = 'reducer.';

/** What a snapshot is about; native/query/history.cc reads the first three. */
interface SnapshotMetadata {
  readonly version: number;
  /** Of the last event that the state has. */
  readonly position: number;
  readonly timestamp: number;
  readonly kind: SnapshotType;
  readonly bytes: number;
}

export interface SnapshotContent extends SnapshotMetadata {
  readonly tenantId: string;
  readonly entityId: string;
  readonly eventType: string;
  /** The state as JSON text. */
  readonly state: Buffer;
}

/** The event that keeps a snapshot, as JSON text: numbers of the state stay as they were sent. */
export function snapshotText(content: SnapshotContent): string {
  const { tenantId, entityId, eventType, state, version, position, timestamp, kind, bytes } =
    content;
  const head = JSON.stringify({
    tenantId: snapshotTenantOf(tenantId),
    entityId,
    eventType,
    metadata: { version, position, timestamp, kind, bytes },
  });
  return `${head.slice(0, -1)},"payload":${state.toString()}}`;
}

/** The state, cut out of the event as a line of JSON in the wire names. */
export function stateOf(line: Buffer, stateBytes: number): Buffer {
  const name = '"payload":';
  // Before it stand only names, numbers and escaped texts.
  const begin = line.indexOf(name) + name.length;
  return line.subarray(begin, begin + stateBytes);
}

/** What an event that `snapshotText` wrote tells beside its state. */
export function metadataOf(event: Pick<StoredEvent, 'metadata'>): SnapshotMetadata {
  // Only the store writes events of this tenant, all of them with these fields.
  return event.metadata as unknown as SnapshotMetadata;
}

export function infoOf(
  event: Pick<StoredEvent, 'id' | 'entityId' | 'eventType' | 'timestamp' | 'metadata'>,
): SnapshotInfo {
  const { version, timestamp, kind, bytes } = metadataOf(event);
  const of = event.eventType.slice(typePrefix.length);
  return {
    id: event.id,
    entityId: event.entityId,
    createdAt: event.timestamp,
    asOf: timestamp,
    eventCount: version,
    sizeBytes: bytes,
    snapshotType: kind,
    stateOf: of.startsWith(reducerPrefix) ? of.slice(reducerPrefix.length) : of,
  };
}

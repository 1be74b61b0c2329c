import { systemTenant } from '../domain/index.js';
import type { JsonValue, NewEvent, StoredEvent } from '../domain/index.js';
import type { Selection } from '../eventStore/index.js';

export const recordedType = 'projection.recorded';
export const deletedType = 'projection.deleted';

/** A set of states that is being built, or is read. */
export interface GenerationRecord {
  readonly generation: number;
  readonly version: number;
  readonly selection: Selection | null;
}

/** What the log has of a projection beside its states. */
export interface ProjectionRecord {
  readonly tenantId: string;
  readonly name: string;
  readonly kind: 'code' | 'declarative';
  readonly declaration: JsonValue;
  readonly isPaused: boolean;
  /** The states that are read. */
  readonly current: GenerationRecord;
  /** Those that will take their place. */
  readonly building: GenerationRecord | null;
}

export function recordEvent(record: ProjectionRecord): NewEvent {
  return { ...placeOf(record), eventType: recordedType, payload: toPayload(record) };
}

export function deletionEvent(record: ProjectionRecord): NewEvent {
  return { ...placeOf(record), eventType: deletedType, payload: toPayload(record) };
}

export function recordOf({ payload }: StoredEvent): ProjectionRecord {
  // Only these two functions write these events.
  return payload as unknown as ProjectionRecord;
}

export function recordKey({ tenantId, name }: Pick<ProjectionRecord, 'tenantId' | 'name'>): string {
  return `${tenantId}/${name}`;
}

/** Of the sets of states that were made so far. */
export function lastGeneration({ current, building }: ProjectionRecord): number {
  return Math.max(current.generation, building?.generation ?? 0);
}

function placeOf(record: ProjectionRecord): Pick<NewEvent, 'tenantId' | 'entityId'> {
  return { tenantId: systemTenant, entityId: `projection/${recordKey(record)}` };
}

function toPayload(record: ProjectionRecord): JsonValue {
  return JSON.parse(JSON.stringify(record)) as JsonValue;
}

import type { JsonValue, NewEvent } from '../domain/index.js';
import { recordEvent } from '../eventStore/index.js';

/** A set of states that is being built, or is read. */
export interface GenerationRecord {
  readonly generation: number;
  readonly version: number;
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

export const recordTypes = { recorded: 'projection.recorded', deleted: 'projection.deleted' };

/** That a projection is so now, or that it was deleted. */
export function eventOf(kind: keyof typeof recordTypes, record: ProjectionRecord): NewEvent {
  return recordEvent(recordTypes[kind], `projection/${recordKey(record)}`, record);
}

export function recordKey({ tenantId, name }: Pick<ProjectionRecord, 'tenantId' | 'name'>): string {
  return `${tenantId}/${name}`;
}

/** Of the sets of states that were made so far. */
export function lastGeneration({ current, building }: ProjectionRecord): number {
  return Math.max(current.generation, building?.generation ?? 0);
}

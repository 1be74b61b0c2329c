import { isJsonObject, systemTenant } from '../../domain/index.js';
import type { JsonObject, JsonValue, NewEvent } from '../../domain/index.js';
import { recordEvent } from '../../eventStore/index.js';
import type { RecordEntry } from '../../eventStore/index.js';

export const recordTypes = { recorded: 'pipeline.recorded', deleted: 'pipeline.deleted' };

/** What the log has of a pipeline beside its state. */
export interface PipelineRecord {
  readonly id: string;
  readonly tenantId: string;
  /** In the wire names. */
  readonly definition: JsonObject;
  /** Number of its lives: a reset begins another one. */
  readonly generation: number;
  readonly isPaused: boolean;
  /** Behind which this life begins. */
  readonly after: number;
}

export function keyOf(tenantId: string, id: string): string {
  return `${tenantId}/${id}`;
}

export function keyOfEntry({ entityId }: Pick<RecordEntry, 'entityId'>): string {
  return entityId.slice('pipeline/'.length);
}

/** That a pipeline is so now, or that it was deleted. */
export function eventOf(kind: keyof typeof recordTypes, record: PipelineRecord): NewEvent {
  return recordEvent(recordTypes[kind], `pipeline/${keyOf(record.tenantId, record.id)}`, record);
}

/** The record as it is, once more, or that it was deleted. */
export function entryEvent(
  kind: keyof typeof recordTypes,
  { entityId, record: payload }: RecordEntry,
): NewEvent {
  return { tenantId: systemTenant, entityId, eventType: recordTypes[kind], payload };
}

/**
 * A record, where this version can go on with it. Throws what is wrong: a newer version may have written
 * it. Its definition has checks of its own.
 */
export function checkedRecord(record: JsonValue): PipelineRecord {
  if (!isJsonObject(record)) throw unknownRecord('record: expected an object');
  const { id, tenantId, definition, generation, isPaused, after } = record;
  const isRight =
    typeof id === 'string' &&
    typeof tenantId === 'string' &&
    definition !== undefined &&
    isJsonObject(definition) &&
    typeof isPaused === 'boolean' &&
    isCount(generation) &&
    isCount(after);
  if (isRight) return { id, tenantId, definition, generation, isPaused, after };
  const expected = 'expected id, tenantId, definition, generation, isPaused and after';
  throw unknownRecord(`record: ${expected}, got ${Object.keys(record).join(', ')}`);
}

/** Number of its lives at most: each has taken a position of the log before. */
export function generationOf({ record, position }: RecordEntry): number {
  const { generation } = isJsonObject(record) ? record : {};
  return isCount(generation) ? generation : position;
}

function isCount(value: JsonValue | undefined): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function unknownRecord(what: string): Error {
  return new Error(`${what}; a newer version of allsource-core may have written its record`);
}

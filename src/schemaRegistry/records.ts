import { createHash } from 'node:crypto';
import { canonicalText } from '../domain/index.js';
import type { NewEvent } from '../domain/index.js';
import { readRecords, recordEvent } from '../eventStore/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import type { CompatibilityMode, JsonSchema } from '../schemas/index.js';
import type { Enforcement, MappingInfo } from './types.js';

/** How the schemas of a subject are used. */
export interface SubjectRecord {
  readonly tenantId: string;
  readonly subject: string;
  readonly compatibility: CompatibilityMode;
  readonly enforcement: Enforcement;
}

export interface VersionRecord {
  readonly tenantId: string;
  readonly subject: string;
  readonly version: number;
  readonly id: string;
  readonly schema: JsonSchema;
  /** Of its canonical text; undefined where it is nested too deeply for one. */
  readonly sha256: string | undefined;
  /** Whether payloads of the version before are valid under it as they are: told here, so that no read finds it out. */
  readonly takesPrevious: boolean;
  readonly description: string | null;
  readonly tags: readonly string[];
  readonly createdAt: number;
  /** It is not used any more; what was checked with it still has its number. */
  readonly isDeleted: boolean;
}

export interface MappingRecord extends MappingInfo {
  readonly tenantId: string;
}

/** Of one append of records, so that none holds up those of others for long. */
const batchBytesMax = 4 * 1024 * 1024;
const subjectTypes = { recorded: 'subject.recorded', deleted: 'subject.deleted' };
const versionTypes = { recorded: 'schema.recorded', deleted: 'schema.deleted' };
const mappingTypes = { recorded: 'upcaster.recorded', deleted: 'upcaster.deleted' };

export function subjectEvent(record: SubjectRecord): NewEvent {
  const { tenantId, subject } = record;
  return recordEvent(subjectTypes.recorded, `subject/${tenantId}/${subject}`, record);
}

export function versionEvent(record: VersionRecord): NewEvent {
  const { tenantId, subject, version } = record;
  return recordEvent(versionTypes.recorded, `schema/${tenantId}/${version}/${subject}`, record);
}

export function mappingEvent(kind: 'recorded' | 'deleted', record: MappingRecord): NewEvent {
  const { tenantId, eventType, fromVersion } = record;
  const entityId = `upcaster/${tenantId}/${fromVersion}/${eventType}`;
  return recordEvent(mappingTypes[kind], entityId, record);
}

/** Equal for schemas that are; undefined for one that is nested too deeply. */
export function sha256Of(schema: JsonSchema): string | undefined {
  const text = canonicalText(schema);
  return text === undefined ? undefined : createHash('sha256').update(text).digest('hex');
}

/** Events in batches that an append takes. */
export function* recordBatches(events: Iterable<NewEvent>): Generator<readonly NewEvent[]> {
  let batch: NewEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    const eventBytes = Buffer.byteLength(JSON.stringify(event));
    if (batch.length > 0 && bytes + eventBytes > batchBytesMax) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(event);
    bytes += eventBytes;
  }
  if (batch.length > 0) yield batch;
}

/** All that the log has of schemas. */
export async function readSchemaRecords(log: SystemAccess) {
  const subjects = await readRecords<SubjectRecord>(log, subjectTypes);
  const versions = await readRecords<VersionRecord>(log, versionTypes);
  const mappings = await readRecords<MappingRecord>(log, mappingTypes);
  return { subjects: subjects.kept, versions: versions.kept, mappings: mappings.kept };
}

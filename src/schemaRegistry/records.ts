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
  /** By which it is known again. */
  readonly sha256: string;
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

/** All that the log has of schemas. */
export async function readSchemaRecords(log: SystemAccess) {
  const subjects = await readRecords<SubjectRecord>(log, subjectTypes);
  const versions = await readRecords<VersionRecord>(log, versionTypes);
  const mappings = await readRecords<MappingRecord>(log, mappingTypes);
  return { subjects: subjects.kept, versions: versions.kept, mappings: mappings.kept };
}

import type {
  CompatibilityCheck,
  MappingInfo,
  NewMapping,
  RegisteredSchema,
  SchemaInfo,
  SubjectInfo,
  Validation,
} from '../../schemaRegistry/index.js';
import { microsOf } from './documents.js';

/** A subject as the server sends it. */
export interface WireSubject {
  readonly subject: string;
  readonly tenant_id: string;
  readonly latest_version: number;
  readonly compatibility: SubjectInfo['compatibility'];
  readonly enforcement: SubjectInfo['enforcement'];
  readonly violations: SubjectInfo['violations'];
}

/** A version of a schema as the server sends it. */
export interface WireSchema {
  readonly id: string;
  readonly subject: string;
  readonly tenant_id: string;
  readonly version: number;
  readonly schema: SchemaInfo['schema'];
  readonly description: string | null;
  readonly tags: readonly string[];
  readonly created_at: string;
  readonly compatibility: SchemaInfo['compatibility'];
  readonly enforcement: SchemaInfo['enforcement'];
}

/** The answer to a registration. */
export interface WireRegistered extends WireSchema {
  readonly is_new: boolean;
  readonly latest_version: number;
}

export interface WireValidation {
  readonly valid: boolean;
  readonly errors: Validation['errors'];
  readonly schema_version: number;
}

export interface WireCheck {
  readonly compatible: boolean;
  readonly compatibility: CompatibilityCheck['compatibility'];
  readonly breaking_changes: CompatibilityCheck['breakingChanges'];
}

export interface WireUpcaster {
  readonly event_type: string;
  readonly from_version: number;
  readonly to_version: number;
  readonly operations: MappingInfo['operations'];
}

export function toSubject(subject: WireSubject): SubjectInfo {
  const { tenant_id: tenantId, latest_version: latestVersion, ...same } = subject;
  return { ...same, tenantId, latestVersion };
}

export function toSchema(schema: WireSchema): SchemaInfo {
  const { id, subject, version, description, tags, compatibility, enforcement } = schema;
  return {
    ...{ id, subject, version, description, tags, compatibility, enforcement },
    tenantId: schema.tenant_id,
    schema: schema.schema,
    createdAt: microsOf(schema.created_at),
  };
}

export function toRegistered(registered: WireRegistered): RegisteredSchema {
  const { is_new: isNew, latest_version: latestVersion } = registered;
  return { ...toSchema(registered), isNew, latestVersion };
}

export function toValidation(validation: WireValidation): Validation {
  const { valid, errors, schema_version: schemaVersion } = validation;
  return { valid, errors, schemaVersion };
}

export function toCheck(check: WireCheck): CompatibilityCheck {
  const { compatible, compatibility, breaking_changes: breakingChanges } = check;
  return { compatible, compatibility, breakingChanges };
}

export function toMapping(upcaster: WireUpcaster): MappingInfo {
  return {
    eventType: upcaster.event_type,
    fromVersion: upcaster.from_version,
    toVersion: upcaster.to_version,
    operations: upcaster.operations,
  };
}

export function fromMapping({ eventType, fromVersion, toVersion, operations }: NewMapping): object {
  return { event_type: eventType, from_version: fromVersion, to_version: toVersion, operations };
}

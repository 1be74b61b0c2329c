import { formatTimestamp } from '../domain/index.js';
import type {
  CompatibilityCheck,
  MappingInfo,
  RegisteredSchema,
  SchemaInfo,
  SubjectInfo,
  Validation,
} from './types.js';

/** A subject in the wire names. */
export function subjectDocument(info: SubjectInfo) {
  const { tenantId, latestVersion, ...same } = info;
  return { ...same, tenant_id: tenantId, latest_version: latestVersion };
}

/** A version of a schema in the wire names. */
export function schemaDocument(info: SchemaInfo) {
  return {
    id: info.id,
    subject: info.subject,
    tenant_id: info.tenantId,
    version: info.version,
    schema: info.schema,
    description: info.description,
    tags: info.tags,
    created_at: formatTimestamp(info.createdAt),
    compatibility: info.compatibility,
    enforcement: info.enforcement,
  };
}

/** The answer to a registration in the wire names. */
export function registeredDocument(info: RegisteredSchema) {
  return {
    schema_id: info.id,
    ...schemaDocument(info),
    is_new: info.isNew,
    latest_version: info.latestVersion,
  };
}

/** What came of a validation in the wire names. */
export function validationDocument({ valid, errors, schemaVersion }: Validation) {
  return { valid, errors, schema_version: schemaVersion };
}

/** What came of a check of compatibility in the wire names. */
export function checkDocument({ compatible, compatibility, breakingChanges }: CompatibilityCheck) {
  return { compatible, compatibility, breaking_changes: breakingChanges };
}

/** A mapping in the wire names. */
export function mappingDocument({ eventType, fromVersion, toVersion, operations }: MappingInfo) {
  return { event_type: eventType, from_version: fromVersion, to_version: toVersion, operations };
}

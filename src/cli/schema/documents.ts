import { formatTimestamp } from '../../domain/index.js';
import type { SchemaInfo, SubjectInfo } from '../../schemaRegistry/index.js';

// What `--json` prints: the names of the HTTP API.

export function subjectDocument(info: SubjectInfo): object {
  const { tenantId, latestVersion, ...same } = info;
  return { ...same, tenant_id: tenantId, latest_version: latestVersion };
}

export function schemaDocument(info: SchemaInfo): object {
  const { id, subject, version, schema, description, tags, compatibility, enforcement } = info;
  return {
    ...{ id, subject, tenant_id: info.tenantId, version, schema, description, tags },
    created_at: formatTimestamp(info.createdAt),
    ...{ compatibility, enforcement },
  };
}

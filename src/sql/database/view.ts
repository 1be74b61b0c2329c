import type { PlacedFile } from '../../parquet/index.js';
import { viewName } from '../check/checkTree.js';
import type { TenantFiles } from './fileTenants.js';
import { quoted } from './quoted.js';

/** Columns of the view, as `readParquet` of a store writes them. */
const viewColumns = [
  'position',
  'timestamp',
  'version',
  'event_id',
  'tenant_id',
  'entity_id',
  'event_type',
  'schema_version',
  'tags',
  'metadata',
  'payload',
] as const;

export interface ViewParts {
  readonly tenantId: string;
  readonly files: TenantFiles;
  /** The table of what lies behind the files. */
  readonly tail: string;
  /** The last position that is in a file, and the last one of the answer. */
  readonly after: number;
  readonly upTo: number;
}

/** The view of one query: a tenant's events up to a position, wherever they are. */
export function viewSql({ tenantId, files, tail, after, upTo }: ViewParts): string {
  const constant = `${quoted(tenantId)} AS tenant_id`;
  const plain = viewColumns.map((name) => (name === 'tenant_id' ? constant : name));
  const parts = [
    `SELECT ${plain.join(', ')} FROM ${tail} WHERE position > ${after} AND position <= ${upTo}`,
  ];
  if (files.own.length > 0) parts.push(`SELECT ${plain.join(', ')} FROM ${source(files.own)}`);
  if (files.shared.length > 0) parts.push(sharedSql(tenantId, files.shared));
  return `CREATE TEMP VIEW ${viewName} AS ${parts.join(' UNION ALL ')}`;
}

/**
 * A condition of a query may be worked out before that of the view, and tell by an error what it saw. So
 * it gets the values of one tenant only: those of others are null wherever it looks.
 */
function sharedSql(tenantId: string, files: readonly PlacedFile[]): string {
  // Written otherwise than the condition below, or one would be taken for known by the other.
  const isOwn = `(tenant_id || '$') = ${quoted(`${tenantId}$`)}`;
  const columns = viewColumns.map((name) =>
    name === 'tenant_id'
      ? `${quoted(tenantId)} AS tenant_id`
      : `CASE WHEN ${isOwn} THEN ${name} END AS ${name}`,
  );
  return `SELECT ${columns.join(', ')} FROM ${source(files)} WHERE tenant_id = ${quoted(tenantId)}`;
}

function source(files: readonly PlacedFile[]): string {
  return `read_parquet([${files.map(({ path }) => quoted(path)).join(', ')}])`;
}

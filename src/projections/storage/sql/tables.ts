import { AllSourceError } from '../../../domain/index.js';

/** Ends of the names come behind it, and PostgreSQL cuts a name after 63 bytes. */
const namePattern = /^[a-z_][a-z0-9_]{0,39}$/;

/** The names of the tables, quoted. */
export interface TableNames {
  /** A row for each set of states, with its position. */
  readonly spaces: string;
  /** A row for each key of each set. */
  readonly rows: string;
  readonly parked: string;
  /** A view: the states that are read. */
  readonly states: string;
  /** An index: one set of a projection is read. */
  readonly current: string;
}

/** Throws `invalid_configuration` where a name would not do. */
export function tableNames(prefix: string, schema?: string): TableNames {
  checkName(prefix, 'prefix');
  if (schema !== undefined) checkName(schema, 'schema');
  const home = schema === undefined ? '' : `"${schema}".`;
  return {
    spaces: `${home}"${prefix}spaces"`,
    rows: `${home}"${prefix}rows"`,
    parked: `${home}"${prefix}parked"`,
    states: `${home}"${prefix}states"`,
    current: `"${prefix}current"`,
  };
}

/** What the view of the states that are read selects. */
export function statesQuery({ spaces, rows }: TableNames): string {
  return `SELECT spaces.tenant_id, spaces.projection, rows.key, rows.state, spaces.position
    FROM ${spaces} AS spaces JOIN ${rows} AS rows ON rows.space_id = spaces.id
    WHERE spaces.is_current`;
}

/** Without NUL, which ends a text for some drivers and is none for PostgreSQL; a reason is only read. */
export function storedReason(reason: string): string {
  return reason.replaceAll('\0', '\uFFFD');
}

function checkName(value: unknown, field: string): void {
  if (typeof value === 'string' && namePattern.test(value)) return;
  const expected = '1-40 lower-case letters, digits and _, no digit first';
  const got = typeof value === 'string' ? JSON.stringify(value) : String(value);
  const message = `storage of states: ${field}: expected ${expected}, got ${got}`;
  throw new AllSourceError('invalid_configuration', message);
}

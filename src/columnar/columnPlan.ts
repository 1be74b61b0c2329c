import { fieldPath, fieldPathProblem, fieldError } from '../domain/index.js';
import type { EventFilter, Order } from '../domain/index.js';
import { checkedLimit } from '../eventStore/index.js';
import type { ColumnName, ColumnRequest, FieldType } from '../eventStore/index.js';

/** In the order in which columns come. */
export const columnNames: readonly ColumnName[] = [
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
];

const fieldTypes: readonly FieldType[] = ['float64', 'int64', 'bool', 'utf8', 'json'];

/** Columns that are fields, of one read. */
export const fieldsMax = 32;
const batchRowsDefault = 16_384;
const batchRowsMax = 1_048_576;

/** A field of payloads as a column, where it does not have the name of its path. */
export interface ColumnField {
  /** Names from the payload on with dots between them, as `total.net` or `lines.0.price`. */
  readonly path: string;
  readonly type: FieldType;
}

/** What is asked for in each way to read columns. */
export interface ArrowOptions extends EventFilter {
  /** Default `asc`. */
  readonly order?: Order | undefined;
  /** Rows at most; default all. */
  readonly limit?: number | undefined;
  /**
   * Default all, or where there are fields none; in the order of `position, timestamp, version, event_id, …`, whatever
   * the order here.
   */
  readonly columns?: readonly ColumnName[] | undefined;
  /**
   * Fields of payloads that become columns behind these, by the name of the column: the type of the
   * field whose path that name is, or path and type. A value that is missing or not of the type is null.
   */
  readonly fields?: Readonly<Record<string, FieldType | ColumnField>> | undefined;
}

export interface ColumnsOptions extends ArrowOptions {
  /** Rows of a batch at most, 1-1 048 576, default 16 384; large events make smaller batches. */
  readonly batchRows?: number | undefined;
  /** Told how many rows a batch has, before the reader gets it. */
  readonly onRows?: ((rows: number) => void) | undefined;
  /** Ends the read: it rejects with `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

/** A column of a field: its name, and what the engine reads for it. */
export interface FieldPlan {
  readonly name: string;
  readonly path: readonly string[];
  readonly type: FieldType;
}

export interface ColumnPlan {
  readonly columns: readonly ColumnName[];
  readonly fields: readonly FieldPlan[];
  readonly batchRows: number;
}

/** Throws `invalid_query`. */
export function toColumnPlan(
  options: Pick<ColumnsOptions, 'columns' | 'fields' | 'batchRows'>,
): ColumnPlan {
  const fields = fieldsOf(options.fields);
  const wanted = columnsOf(options.columns, fields.length > 0);
  const taken = fields.find(({ name }) => wanted.some((column) => column === name));
  if (taken !== undefined) {
    throw fieldError(
      'invalid_query',
      `fields.${taken.name}`,
      'there is a column of this name; give the field another',
    );
  }
  const batchRows = options.batchRows ?? batchRowsDefault;
  return {
    columns: wanted,
    fields,
    batchRows: checkedLimit(batchRows, 1, batchRowsMax, 'batchRows'),
  };
}

export function requestOf({ columns, fields }: ColumnPlan): ColumnRequest {
  return { columns, paths: fields.map(({ path }) => path), types: fields.map(({ type }) => type) };
}

function columnsOf(columns: readonly string[] = [], hasFields: boolean): readonly ColumnName[] {
  const isList: boolean = Array.isArray(columns);
  if (!isList) throw fieldError('invalid_query', 'columns', 'expected an array of names');
  if (columns.length === 0) return hasFields ? [] : columnNames;
  const unknown = columns.find((name) => !columnNames.includes(name as ColumnName));
  if (unknown !== undefined) {
    throw fieldError(
      'invalid_query',
      'columns',
      `expected names of ${columnNames.join(', ')}, got ${String(unknown)}`,
    );
  }
  return columnNames.filter((name) => columns.includes(name));
}

function fieldsOf(fields: ColumnsOptions['fields']): readonly FieldPlan[] {
  const entries = Object.entries(fields ?? {});
  if (entries.length > fieldsMax)
    throw fieldError('invalid_query', 'fields', `expected at most ${fieldsMax} fields`);
  return entries.map(([name, field]) => {
    // Callers without types may give anything.
    const given = field as FieldType | ColumnField | null;
    if (given === null)
      throw fieldError('invalid_query', `fields.${name}`, 'expected a type, or a path and a type');
    const { path, type } = typeof given === 'string' ? { path: name, type: given } : given;
    const problem = typeof path === 'string' ? fieldPathProblem(path) : 'expected a path';
    if (problem !== undefined) throw fieldError('invalid_query', `fields.${name}`, problem);
    if (!fieldTypes.includes(type)) {
      throw fieldError(
        'invalid_query',
        `fields.${name}`,
        `expected a type of ${fieldTypes.join(', ')}, got ${String(type)}`,
      );
    }
    return { name, path: fieldPath(path).map((segment) => segment.name), type };
  });
}

import { Type } from '@sinclair/typebox';
import { documentRowsDefault, queryBytesMax } from '../../sql/index.js';
import { sqlRanges } from '../../domain/index.js';
import { count, tenantId } from './formats.js';

export const sqlBody = Type.Object(
  {
    query: Type.String({
      minLength: 1,
      maxLength: queryBytesMax,
      description: 'One SELECT in the dialect of DuckDB, over the view `events`',
    }),
    tenant_id: Type.Optional(Type.Union([tenantId, Type.Null()])),
    max_rows: Type.Optional(
      Type.Union([Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }), Type.Null()], {
        description: `Rows at most; default ${documentRowsDefault} as JSON, else all`,
      }),
    ),
    timeout_ms: Type.Optional(
      Type.Union([Type.Integer({ minimum: 1, maximum: sqlRanges.timeoutMs.max }), Type.Null()], {
        description: 'Milliseconds up to the last row; default, and at most, `sql.timeout_ms`',
      }),
    ),
  },
  { $id: 'SqlQuery', additionalProperties: false },
);

/** A row by the names of its columns, as a line of NDJSON is one too. */
export const sqlRow = Type.Record(Type.String(), Type.Unknown(), { $id: 'SqlRow' });

export const sqlAnswer = Type.Object(
  {
    columns: Type.Array(
      Type.Object({
        name: Type.String(),
        type: Type.String({ description: 'As DuckDB writes it: `BIGINT`, `VARCHAR[]`' }),
      }),
    ),
    as_of_position: count,
    rows: Type.Array(sqlRow),
    row_count: count,
    truncated: Type.Boolean({ description: 'Whether there were more rows than `max_rows`' }),
  },
  { $id: 'SqlAnswer' },
);

/** Schemas that the document names once. */
export const sqlDocuments = [sqlBody, sqlRow, sqlAnswer];

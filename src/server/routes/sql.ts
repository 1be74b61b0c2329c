import type { SqlOptions, SqlResult } from '../../sql/index.js';
import { documentRowsDefault } from '../../sql/index.js';
import {
  type Exchange,
  type Reply,
  type Route,
  arrowType,
  jsonType,
  ndjsonType,
  parseQueryText,
  preferredType,
} from '../http/index.js';
import { documents, noQuery, queryReader, sql as schemas } from '../schemas/index.js';
import { bodyErrors, bodyReader } from './control.js';

/** What fails before so many bytes of rows are there gets a status of its own. */
const firstChunkBytes = 1024 * 1024;

const readNoQuery = queryReader(noQuery);
const readBody = bodyReader(schemas.sqlBody);

export const sqlRoute: Route = {
  method: 'POST',
  pattern: '/api/v1/analytics/sql',
  purpose: { kind: 'query', queryType: 'sql' },
  body: { mediaTypes: [jsonType], limit: 'event' },
  operation: {
    id: 'querySql',
    summary:
      'The answer to a SELECT over the events, as JSON, or as a stream of NDJSON or of Arrow',
    tag: 'analytics',
    query: noQuery,
    bodies: { [jsonType]: schemas.sqlBody },
    answers: {
      [jsonType]: schemas.sqlAnswer,
      [ndjsonType]: schemas.sqlRow,
      [arrowType]: documents.arrowStream,
    },
    errors: [
      'validation_error',
      'invalid_query',
      ...bodyErrors,
      'query_timeout',
      'events_dropped',
      'unprocessable',
      'sql_unavailable',
    ],
  },
  handle: querySql,
};

async function querySql(exchange: Exchange): Promise<Reply> {
  readNoQuery(parseQueryText(exchange.queryText));
  const body = readBody(exchange);
  const { store } = exchange.runtime;
  const options: SqlOptions = {
    tenantId: exchange.tenantOf(body.tenant_id),
    maxRows: body.max_rows ?? undefined,
    timeoutMs: body.timeout_ms ?? undefined,
    signal: exchange.signal,
  };
  const { accept } = exchange.request.headers;
  switch (preferredType(accept, [jsonType, ndjsonType, arrowType])) {
    case arrowType: {
      const chunks = store.sqlArrow(body.query, options);
      return { status: 200, contentType: arrowType, chunks };
    }
    case ndjsonType: {
      const result = await store.sql(body.query, options);
      return { status: 200, contentType: ndjsonType, chunks: ndjson(exchange, result) };
    }
    default: {
      const maxRows = options.maxRows ?? documentRowsDefault;
      const result = await store.sql(body.query, { ...options, maxRows });
      return { status: 200, contentType: jsonType, chunks: gathered(document(exchange, result)) };
    }
  }
}

async function* ndjson(exchange: Exchange, result: SqlResult): AsyncGenerator<Buffer> {
  for await (const rows of result.batches()) {
    exchange.resultCount += rows.length;
    yield Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }
}

/** One JSON document, with each row on a line of its own. */
async function* document(exchange: Exchange, result: SqlResult): AsyncGenerator<Buffer> {
  const head = JSON.stringify({ columns: result.columns, as_of_position: result.asOfPosition });
  yield Buffer.from(`${head.slice(0, -1)},"rows":[\n`);
  let count = 0;
  for await (const rows of result.batches()) {
    const lines = rows.map((row) => JSON.stringify(row)).join(',\n');
    yield Buffer.from(count === 0 ? lines : `,\n${lines}`);
    count += rows.length;
  }
  exchange.resultCount = count;
  const end = JSON.stringify({ row_count: count, truncated: result.truncated });
  yield Buffer.from(`${count === 0 ? '' : '\n'}],${end.slice(1)}`);
}

/** The same in larger chunks. */
async function* gathered(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    waiting.push(chunk);
    bytes += chunk.length;
    if (bytes < firstChunkBytes) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    bytes = 0;
  }
  yield Buffer.concat(waiting);
}

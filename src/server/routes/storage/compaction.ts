import type { ErrorCode } from '../../../domain/index.js';
import {
  compactionReportDocument,
  compactionStatsDocument,
  parquetFilesDocument,
  parquetReportDocument,
} from '../../../parquet/index.js';
import {
  type Exchange,
  type Reply,
  type Route,
  jsonReply,
  parseQueryText,
} from '../../http/index.js';
import { compaction as schemas, noQuery, queryReader } from '../../schemas/index.js';
import { bodyErrors, bodyReader, controlRoute, queryErrors } from '../control.js';

const readNoQuery = queryReader(noQuery);
const readNewCompaction = bodyReader(schemas.newCompaction);

const shared = { tag: 'compaction', query: noQuery } as const;
const readErrors: readonly ErrorCode[] = ['invalid_query', 'storage_unavailable'];

export const compactionRoutes: readonly Route[] = [
  controlRoute({
    ...shared,
    method: 'POST',
    pattern: '/api/v1/compaction/trigger',
    id: 'compact',
    summary:
      'Write sealed segments as Parquet files and merge small ones, and answer when it is done',
    request: schemas.newCompaction,
    optionalBody: true,
    answer: schemas.compactionReport,
    errors: [
      ...queryErrors,
      ...bodyErrors,
      'unprocessable',
      'storage_unavailable',
      'storage_full',
      'storage_damaged',
    ],
    handle: compact,
  }),
  controlRoute({
    ...shared,
    method: 'GET',
    pattern: '/api/v1/compaction/stats',
    id: 'compactionStats',
    summary: 'What compactions have done, and by which settings',
    answer: schemas.compactionStats,
    errors: readErrors,
    handle: stats,
  }),
  controlRoute({
    ...shared,
    method: 'GET',
    pattern: '/api/v1/parquet/files',
    id: 'parquetFiles',
    summary: 'Parquet files of the store',
    answer: schemas.parquetFileList,
    errors: readErrors,
    handle: files,
  }),
  controlRoute({
    ...shared,
    method: 'POST',
    pattern: '/api/v1/parquet/verify',
    id: 'verifyParquet',
    summary: 'Read all Parquet files and compare them with their SHA-256',
    answer: schemas.parquetReport,
    errors: [...readErrors, 'unprocessable'],
    handle: verify,
  }),
];

async function compact(exchange: Exchange): Promise<Reply> {
  readNoQuery(parseQueryText(exchange.queryText));
  const { strategy } = exchange.body.length === 0 ? {} : readNewCompaction(exchange);
  // It ends where the client leaves; what is recorded by then stays.
  const { signal } = exchange;
  const report = await exchange.runtime.store.parquet.compact({ strategy, signal });
  return jsonReply(compactionReportDocument(report));
}

async function stats(exchange: Exchange): Promise<Reply> {
  readNoQuery(parseQueryText(exchange.queryText));
  return jsonReply(compactionStatsDocument(await exchange.runtime.store.parquet.stats()));
}

async function files(exchange: Exchange): Promise<Reply> {
  readNoQuery(parseQueryText(exchange.queryText));
  return jsonReply(parquetFilesDocument(await exchange.runtime.store.parquet.files()));
}

async function verify(exchange: Exchange): Promise<Reply> {
  readNoQuery(parseQueryText(exchange.queryText));
  const { signal } = exchange;
  return jsonReply(parquetReportDocument(await exchange.runtime.store.parquet.verify({ signal })));
}

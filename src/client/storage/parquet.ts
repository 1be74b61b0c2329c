import type {
  CompactOptions,
  CompactionReport,
  CompactionStats,
  Parquet,
  ParquetFile,
  ParquetReport,
} from '../../parquet/index.js';
import { longWaitMs as waitMs } from '../connection.js';
import type { Connection } from '../connection.js';
import { checkNames } from '../wire/parameters.js';
import {
  type WireCompaction,
  type WireCompactionStats,
  type WireParquetFile,
  type WireParquetReport,
  toCompaction,
  toCompactionStats,
  toParquetFile,
  toParquetReport,
} from '../wire/parquetDocuments.js';

const compactNames: ReadonlySet<string> = new Set(['strategy', 'signal']);
const verifyNames: ReadonlySet<string> = new Set(['signal']);

/** The Parquet files of a server's store. */
export class RemoteParquet implements Parquet {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async files(): Promise<readonly ParquetFile[]> {
    const request = { path: '/api/v1/parquet/files', isRepeatable: true };
    const { files } = await this.#connection.json<{ files: WireParquetFile[] }>(request);
    return files.map(toParquetFile);
  }

  /** The server ends it, too, where the call is aborted or cut: what is recorded by then stays. */
  async compact(options: Omit<CompactOptions, 'onProgress'> = {}): Promise<CompactionReport> {
    checkNames(options, compactNames, { code: 'validation_error' });
    const { strategy, signal } = options;
    const request = { body: { strategy }, isRepeatable: true, waitMs, signal };
    const path = '/api/v1/compaction/trigger';
    return toCompaction(await this.#connection.post<WireCompaction>(path, request));
  }

  async stats(): Promise<CompactionStats> {
    const request = { path: '/api/v1/compaction/stats', isRepeatable: true };
    return toCompactionStats(await this.#connection.json<WireCompactionStats>(request));
  }

  async verify(options: Pick<CompactOptions, 'signal'> = {}): Promise<ParquetReport> {
    checkNames(options, verifyNames, { code: 'validation_error' });
    const request = { isRepeatable: true, waitMs, signal: options.signal };
    const path = '/api/v1/parquet/verify';
    return toParquetReport(await this.#connection.post<WireParquetReport>(path, request));
  }
}

import { readFileSync } from 'node:fs';
import { connect } from '../../client/index.js';
import { countedArrow, parquetOfArrow, type ArrowOptions } from '../../columnar/index.js';
import { AllSourceError } from '../../domain/index.js';
import type { StatsDocument } from '../../eventStore/index.js';
import type { Analytics } from '../../analytics/index.js';
import type { Pipelines } from '../../pipelineRuns/index.js';
import type { Projections } from '../../projections/index.js';
import type { Replays } from '../../replays/index.js';
import type { Schemas } from '../../schemaRegistry/index.js';
import type { SqlOptions, SqlResult } from '../../sql/index.js';
import type { Snapshots } from '../../state/index.js';
import { CliError, exitUsage } from '../failure.js';
import type { LiveFilter, QueryOptions, ServerTarget, StateQuery } from './target.js';
import { toWireResult, type WireBatchResult, type WireState } from './wire.js';

/** A batch may wait for a disk that is slow; the person may interrupt. */
const timeoutMs = 300_000;

/**
 * The store behind a server, on behalf of whoever `ALLSOURCE_TOKEN` names; one that can't be reached is
 * told of at once.
 */
export function connectTo(url: string) {
  return connect(url, { retryForMs: 0, timeoutMs, token: tokenInEnvironment() });
}

/** A token or an API key; never a flag, since all users of a machine see those. */
function tokenInEnvironment(): string | undefined {
  const { ALLSOURCE_TOKEN: token, ALLSOURCE_TOKEN_FILE: file } = process.env;
  if (token !== undefined && token !== '') return token;
  if (file === undefined || file === '') return undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new CliError(`ALLSOURCE_TOKEN_FILE: ${file} cannot be read`, {
      cause: error,
      exitCode: exitUsage,
    });
  }
}

/** The HTTP API at `place`. Nothing is sent before the first call. */
export class RemoteTarget implements ServerTarget {
  readonly kind = 'url';
  readonly place: string;
  readonly #store: ReturnType<typeof connectTo>;

  constructor(url: string) {
    this.place = url;
    this.#store = connectTo(url);
  }

  get snapshots(): Snapshots {
    return this.#store.snapshots;
  }
  get projections(): Projections {
    return this.#store.projections;
  }
  get replays(): Replays {
    return this.#store.replays;
  }

  get pipelines(): Pipelines {
    return this.#store.pipelines;
  }
  get schemas(): Schemas {
    return this.#store.schemas;
  }
  get analytics(): Analytics {
    return this.#store.analytics;
  }

  sql(query: string, options: SqlOptions): Promise<SqlResult> {
    return this.#store.sql(query, options);
  }

  sqlArrow(query: string, options: SqlOptions): AsyncIterable<Uint8Array> {
    return this.#store.sqlArrow(query, options);
  }

  query(options: QueryOptions): AsyncIterable<Uint8Array> {
    return this.#store.readNdjson(options);
  }

  arrow(options: ArrowOptions, onRows: (rows: number) => void): AsyncIterable<Uint8Array> {
    return countedArrow(this.#store.readArrow(options), onRows);
  }

  parquet(options: ArrowOptions, onRows: (rows: number) => void): AsyncIterable<Uint8Array> {
    return parquetOfArrow(this.#store.readArrow(options), onRows);
  }

  live(options: LiveFilter, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return this.#store.wire.live(options, signal);
  }

  state(entityId: string, options: StateQuery): Promise<WireState> {
    return this.#store.wire.state(entityId, options);
  }

  stats(tenantId: string | undefined): Promise<StatsDocument> {
    return this.#store.wire.stats({ tenantId });
  }

  async append(batch: Uint8Array): Promise<WireBatchResult> {
    try {
      return toWireResult(await this.#store.appendBatch(batch, { return: 'summary' }));
    } catch (error) {
      // Why there was no answer; what that means for which lines, ingest says itself.
      const isUnanswered = error instanceof AllSourceError && error.cause instanceof AllSourceError;
      throw isUnanswered ? error.cause : error;
    }
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ArrowOptions } from '../../columnar/index.js';
import type { EventFilter, Order } from '../../domain/index.js';
import { entityNotFound } from '../../domain/index.js';
import type { OpenOptions, StatsDocument } from '../../eventStore/index.js';
import type { Analytics } from '../../analytics/index.js';
import type { Pipelines } from '../../pipelineRuns/index.js';
import type { Projections } from '../../projections/index.js';
import type { Replays } from '../../replays/index.js';
import type { Schemas } from '../../schemaRegistry/index.js';
import type { SqlOptions, SqlResult } from '../../sql/index.js';
import type { Snapshots } from '../../state/index.js';
import { openEventStore, type EmbeddedStore } from '../../store/index.js';
import { CliError, exitUsage } from '../failure.js';
import { RemoteTarget } from './remoteTarget.js';
import { toWireResult, type WireBatchResult, type WireState } from './wire.js';

export const defaultUrl = 'http://127.0.0.1:3900';

export interface QueryOptions extends EventFilter {
  readonly order?: Order | undefined;
  readonly limit?: number | undefined;
}

/** Which events, or messages of which topic. */
export interface LiveFilter extends EventFilter {
  readonly topic?: string | undefined;
}

export interface StateQuery {
  readonly tenantId?: string | undefined;
  readonly asOf?: string | undefined;
  readonly version?: number | undefined;
  readonly merge?: 'shallow' | 'deep' | undefined;
  readonly historyLimit?: number | undefined;
}

/** What the commands work on: a running server, or a data directory. Both speak the wire names. */
export type Target = ServerTarget | DirectoryTarget;

interface TargetCalls {
  /** The URL or the directory, as the person named it. */
  readonly place: string;
  /** Matching events as NDJSON, in chunks of any length. */
  query(options: QueryOptions): AsyncIterable<Uint8Array>;
  /** Columns of matching events as an Arrow IPC stream. */
  arrow(options: ArrowOptions, onRows: (rows: number) => void): AsyncIterable<Uint8Array>;
  /** The same as a Parquet file. */
  parquet(options: ArrowOptions, onRows: (rows: number) => void): AsyncIterable<Uint8Array>;
  state(entityId: string, options: StateQuery): Promise<WireState>;
  stats(tenantId: string | undefined): Promise<StatsDocument>;
  readonly snapshots: Snapshots;
  readonly projections: Projections;
  readonly pipelines: Pipelines;
  readonly replays: Replays;
  readonly schemas: Schemas;
  readonly analytics: Analytics;
  sql(query: string, options: SqlOptions): Promise<SqlResult>;
  /** The same as an Arrow IPC stream. */
  sqlArrow(query: string, options: SqlOptions): AsyncIterable<Uint8Array>;
  /** Appends NDJSON as one: all of it or nothing. */
  append(batch: Uint8Array): Promise<WireBatchResult>;
  close(): Promise<void>;
}

export interface ServerTarget extends TargetCalls {
  readonly kind: 'url';
  /** The live stream, or that of a topic, as server-sent events. */
  live(options: LiveFilter, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

interface DirectoryTarget extends TargetCalls {
  readonly kind: 'directory';
  /** The messages of a topic that are there, each as JSON. */
  topicMessages(
    topic: string,
    options: { readonly tenantId: string | undefined; readonly from: number },
  ): AsyncIterable<Uint8Array>;
}

export interface TargetOptions {
  readonly url?: string | undefined;
  readonly dataDir?: string | undefined;
}

/** A server, or a directory. */
export function mustBeOnePlace({ url, dataDir }: TargetOptions): void {
  if (url === undefined || dataDir === undefined) return;
  throw new CliError('expected --url or --data-dir, got both; leave one out', {
    exitCode: exitUsage,
  });
}

/** Opens a store that is there: one that is not is an error, never made. */
export async function openToWrite(
  dataDir: string,
  options: Omit<OpenOptions, 'dataDir'>,
): Promise<EmbeddedStore> {
  if (existsSync(join(dataDir, 'STORE'))) return openEventStore({ dataDir, ...options });
  throw new CliError(
    `${dataDir}: expected the data directory of a store, found none; check --data-dir`,
  );
}

/** A directory is opened read-only unless `access` is `write`, so it works beside a server. */
export async function openTarget(
  options: TargetOptions,
  access: 'read' | 'write' = 'read',
): Promise<Target> {
  mustBeOnePlace(options);
  if (options.dataDir === undefined) return new RemoteTarget(options.url ?? defaultUrl);
  const store =
    access === 'write'
      ? await openEventStore({ dataDir: options.dataDir })
      : await openReadOnly(options.dataDir);
  return new LocalTarget(options.dataDir, store);
}

/** Opens beside a writer. A directory that is not there is an error, never made. */
export async function openReadOnly(dataDir: string): Promise<EmbeddedStore> {
  if (!existsSync(dataDir) || !statSync(dataDir).isDirectory()) {
    throw new CliError(
      `${dataDir}: expected the data directory of a store, found no directory; check --data-dir`,
    );
  }
  return openEventStore({ dataDir, readOnly: true });
}

class LocalTarget implements DirectoryTarget {
  readonly kind = 'directory';
  readonly place: string;
  readonly #store: EmbeddedStore;

  constructor(place: string, store: EmbeddedStore) {
    this.place = place;
    this.#store = store;
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
    return this.#store.readArrow({ ...options, onRows });
  }

  parquet(options: ArrowOptions, onRows: (rows: number) => void): AsyncIterable<Uint8Array> {
    return this.#store.readParquet({ ...options, onRows });
  }

  async state(entityId: string, options: StateQuery): Promise<WireState> {
    const document = await this.#store.wire.state(entityId, options);
    if (document === undefined) throw entityNotFound(entityId, options);
    // The engine wrote this document; its shape is that of the HTTP answer.
    return JSON.parse(document.toString('utf8')) as WireState;
  }

  stats(tenantId: string | undefined): Promise<StatsDocument> {
    return this.#store.wire.stats(tenantId);
  }

  async append(batch: Uint8Array): Promise<WireBatchResult> {
    return toWireResult(await this.#store.appendBatch(batch, { return: 'summary' }));
  }

  async *topicMessages(
    topic: string,
    options: { readonly tenantId: string | undefined; readonly from: number },
  ): AsyncGenerator<Uint8Array> {
    const follower = this.#store.pipelines.wire.follow(topic, options, 'lines');
    for (;;) {
      const delivery = await follower.next(Infinity);
      if (delivery?.chunk !== undefined) {
        for (const line of delivery.chunk.bytes.toString('utf8').split('\n')) {
          if (line !== '') yield Buffer.from(line);
        }
      }
      if (delivery === undefined || delivery.mark === 'caughtUp') return;
    }
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

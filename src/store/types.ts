import type { ApiKeys, EmbeddedApiKeys, EmbeddedUsers, Users } from '../access/index.js';
import type { Analytics } from '../analytics/index.js';
import type { ArrowOptions, ColumnsOptions, RecordBatch } from '../columnar/index.js';
import type { Backups, EmbeddedBackups } from '../backups/index.js';
import type { EmbeddedParquet, Parquet } from '../parquet/index.js';
import type { EmbeddedRetention, Retention } from '../retention/index.js';
import type {
  ConsumerHandler,
  ConsumerWorker,
  Consumers,
  EmbeddedConsumers,
  HandlerOptions,
} from '../consumers/index.js';
import type { AnyEvent, EventShape, Reducer } from '../domain/index.js';
import type {
  CoreStore,
  EventLog,
  ReducedState,
  ReducedStateOptions,
} from '../eventStore/index.js';
import type { EmbeddedPipelines, Pipelines } from '../pipelineRuns/index.js';
import type { EmbeddedProjections, Projections } from '../projections/index.js';
import type { EmbeddedReplays, Replays } from '../replays/index.js';
import type { EmbeddedSchemas, Schemas } from '../schemaRegistry/index.js';
import type { SqlOptions, SqlResult } from '../sql/index.js';
import type { EmbeddedSnapshots, Snapshots } from '../state/index.js';
import type { EmbeddedTenants, Tenants } from '../tenants/index.js';
import type { EmbeddedWebhooks, Webhooks } from '../webhooks/index.js';

/**
 * An event store: one in this process (`openEventStore`), or one behind a server (`connect` of
 * `allsource-core/client`). Calls may be made concurrently. Nothing is visible to any reader before it
 * is durable.
 */
export interface EventStore<E extends EventShape = AnyEvent> extends EventLog<E> {
  /**
   * Matching events that are durable now as an Arrow IPC stream, for other tools and processes: the
   * columns of `columns`, a schema at least.
   */
  readArrow(options?: ArrowOptions): AsyncGenerator<Uint8Array>;
  /** Questions about many events: how many, when, of whom, how often together. */
  readonly analytics: Analytics;
  /**
   * Answers one SELECT of SQL, in the dialect of DuckDB, over the view `events`: a tenant's events that
   * are durable now, with the columns of `columns`. It reads nothing else, and changes nothing. Two
   * queries are worked on at a time, others wait (`overloaded` where 100 do). Rejects with
   * `invalid_query`, `query_timeout`, `aborted`, with `unprocessable` where it needs too much memory,
   * and with `sql_unavailable` where `@duckdb/node-api` is not installed.
   *
   * @example
   * const days = await store.sql("SELECT date_trunc('day', timestamp) AS day, count(*) AS n FROM events GROUP BY 1");
   * for await (const { day, n } of days) console.log(day, n);
   */
  sql(query: string, options?: SqlOptions): Promise<SqlResult>;
  /** The same as an Arrow IPC stream, with the types of the columns. */
  sqlArrow(query: string, options?: SqlOptions): AsyncGenerator<Uint8Array>;
  /** States that are kept, so that later ones need not be made from the first event on. */
  readonly snapshots: Snapshots;
  /**
   * The state that a reducer makes of an entity's events, now, at a time or at a version. Rejects with
   * `entity_not_found`, and with `unprocessable` where a handler fails.
   */
  stateOf<S>(
    reducer: Reducer<S>,
    entityId: string,
    options?: ReducedStateOptions,
  ): Promise<ReducedState<S>>;
  /** Copies of the whole store, of all tenants, from which it can be restored. */
  readonly backups: Backups;
  /** Sealed segments of the log as Parquet files, small ones merged into larger ones. */
  readonly parquet: Parquet;
  /** Policies by which the front of the log goes, once Parquet files have it. */
  readonly retention: Retention;
  /** What payloads of which events must be, and how those of older versions become newer ones. */
  readonly schemas: Schemas;
  /** States that are kept up to date with the log. */
  readonly projections: Projections;
  /** Build states of projections anew from the log. */
  readonly replays: Replays;
  /** Process events behind the log: filter, aggregate, derive. */
  readonly pipelines: Pipelines;
  /** Durable subscriptions, whose members share the work. */
  readonly consumers: Consumers;
  /** Who has data of their own in the store, and how much they may do. */
  readonly tenants: Tenants;
  /** Who can log in to a server of the store. */
  readonly users: Users;
  /** By which programs say who they are to a server of the store. */
  readonly apiKeys: ApiKeys;
  /** Post events to URLs, signed and in order for each entity. */
  readonly webhooks: Webhooks;
  /**
   * Handles events in this process: makes the consumer if it is not there, and goes on where it was.
   * What the handler appends is there once for each event. An embedded store makes it durable together
   * with the record that the event was handled.
   */
  consumer(
    name: string,
    handler: ConsumerHandler,
    options?: HandlerOptions,
  ): Promise<ConsumerWorker>;
}

/** A store in this process. Appends take effect in the order in which they were called. */
export interface EmbeddedStore<E extends EventShape = AnyEvent>
  extends CoreStore<E>, Omit<EventStore<E>, keyof CoreStore<E>> {
  /**
   * Matching events that are durable now as record batches of `apache-arrow`: one column each for
   * position, time, version, ids, type, tags, metadata and payload, and for chosen fields of payloads. The
   * engine fills them; there is no step in JavaScript for each event. Rejects with `invalid_query`.
   *
   * @example
   * for await (const batch of store.columns({ columns: ['entity_id'], fields: { total: 'float64' } })) {
   *   const totals = batch.getChild('total');
   * }
   */
  columns(options?: ColumnsOptions): AsyncGenerator<RecordBatch>;
  readArrow(options?: ColumnsOptions): AsyncGenerator<Uint8Array>;
  /**
   * The same as a Parquet file (zstd), for DuckDB, pandas, Polars and others. It is compressed on the
   * calling thread: about 4 s for a million events of 200 bytes.
   */
  readParquet(options?: ColumnsOptions): AsyncGenerator<Uint8Array>;
  readonly snapshots: EmbeddedSnapshots;
  readonly backups: EmbeddedBackups;
  readonly parquet: EmbeddedParquet;
  readonly retention: EmbeddedRetention;
  readonly schemas: EmbeddedSchemas;
  readonly projections: EmbeddedProjections;
  readonly replays: EmbeddedReplays;
  readonly pipelines: EmbeddedPipelines;
  readonly consumers: EmbeddedConsumers;
  readonly webhooks: EmbeddedWebhooks;
  readonly tenants: EmbeddedTenants;
  readonly users: EmbeddedUsers;
  readonly apiKeys: EmbeddedApiKeys;
}

import { ApiKeyRegistry, UserRegistry, checkedPasswordMin } from '../access/index.js';
import { StoreAnalytics } from '../analytics/index.js';
import { ColumnReader } from '../columnar/index.js';
import type { ColumnsOptions, RecordBatch } from '../columnar/index.js';
import { BackupRegistry, checkedBackupPolicy } from '../backups/index.js';
import { ConsumerRegistry } from '../consumers/index.js';
import type { ConsumerHandler, ConsumerWorker, HandlerOptions } from '../consumers/index.js';
import type { AnyEvent, EventShape, Reducer, StoredEvent } from '../domain/index.js';
import {
  LogFiles,
  NativeEventStore,
  Rewrites,
  SystemAccess,
  openCore,
} from '../eventStore/index.js';
import type {
  BytesChunk,
  BytesPage,
  Deliveries,
  EntityState,
  EventOptions,
  EventPage,
  EventsForm,
  OpenOptions,
  ReadOptions,
  ReducedState,
  ReducedStateOptions,
  StateOptions,
  StoreCore,
  SubscribeOptions,
  Subscription,
} from '../eventStore/index.js';
import { ArchivedRows, ParquetTier, checkedParquetPolicy } from '../parquet/index.js';
import { PipelineRegistry } from '../pipelineRuns/index.js';
import { ProjectionRegistry } from '../projections/index.js';
import { ReplayRegistry } from '../replays/index.js';
import { RetentionRegistry, checkedSchedule } from '../retention/index.js';
import {
  SchemaRegistry,
  UpcastDeliveries,
  checkedUpcasters,
  isUpcast,
  upcastAll,
  upcastDocument,
  upcastEvents,
  upcastLines,
  upcastPage,
  upcastSubscription,
} from '../schemaRegistry/index.js';
import { StoreSql, checkedSqlPolicy } from '../sql/index.js';
import type { CheckedSqlPolicy, SqlOptions, SqlResult } from '../sql/index.js';
import { EntityStates, Reducers, checkedPolicy } from '../state/index.js';
import type { EmbeddedSnapshots, EntityStatesOptions } from '../state/index.js';
import { TenantRegistry } from '../tenants/index.js';
import { WebhookRegistry } from '../webhooks/index.js';
import type { EmbeddedStore } from './types.js';

/**
 * Opens the store of a directory, making it if it is missing, or one in memory.
 *
 * One process at a time writes to a directory (`store_locked`); any number may open it read-only.
 * Where the log is damaged the store opens read-only and shows what lies before the damage: see
 * `store.damage`.
 *
 * @example
 * const store = await openEventStore({ dataDir: './data' });
 * await store.append({ eventType: 'order.placed', entityId: 'order-1', payload: { total: 42 } });
 * await store.close();
 */
export async function openEventStore<E extends EventShape = AnyEvent>(
  options: OpenOptions,
): Promise<EmbeddedStore<E>> {
  // Checked before anything is opened.
  const parts = checkedParts(options);
  const { states } = parts;
  checkedUpcasters(options?.upcasters ?? []);
  const { automatic, eventThreshold } = states.policy;
  const core = await openCore(options, { milestoneEvery: automatic ? eventThreshold : 0 });
  const store = new ComposedStore(core, options, parts);
  await store.begin();
  // What E says of payloads is the caller's word; nothing is checked against it at run time.
  return store as unknown as EmbeddedStore<E>;
}

interface CheckedParts {
  readonly states: Pick<EntityStatesOptions, 'reducers' | 'policy'>;
  readonly backups: ReturnType<typeof checkedBackupPolicy>;
  readonly parquet: ReturnType<typeof checkedParquetPolicy>;
  readonly retention: ReturnType<typeof checkedSchedule>;
  readonly sql: CheckedSqlPolicy;
  readonly passwordCharactersMin: number;
}

/** Callers without types may give no options; the core tells them. */
function checkedParts(options: OpenOptions | undefined | null): CheckedParts {
  const {
    reducers = [],
    snapshots = {},
    backups = {},
    parquet = {},
    retention = {},
    sql = {},
  } = options ?? {};
  const states = { reducers: new Reducers(reducers), policy: checkedPolicy(snapshots) };
  return {
    states,
    backups: checkedBackupPolicy(backups),
    parquet: checkedParquetPolicy(parquet),
    retention: checkedSchedule(retention),
    sql: checkedSqlPolicy(sql),
    passwordCharactersMin: checkedPasswordMin(options?.passwordCharactersMin),
  };
}

/** The core of the store and the parts that are built on it. */
class ComposedStore extends NativeEventStore implements EmbeddedStore {
  readonly consumers: ConsumerRegistry;
  readonly webhooks: WebhookRegistry;
  readonly projections: ProjectionRegistry;
  readonly replays: ReplayRegistry;
  readonly pipelines: PipelineRegistry;
  readonly schemas: SchemaRegistry;
  readonly analytics: StoreAnalytics;
  readonly #columns: ColumnReader;
  readonly #sql: StoreSql;
  readonly backups: BackupRegistry;
  readonly parquet: ParquetTier;
  readonly retention: RetentionRegistry;
  readonly tenants: TenantRegistry;
  readonly users: UserRegistry;
  readonly apiKeys: ApiKeyRegistry;
  readonly #states: EntityStates;
  readonly #system: SystemAccess;
  readonly #rewrites: Rewrites;
  readonly #upcast = (event: StoredEvent): StoredEvent => this.schemas.upcast(event);

  constructor(core: StoreCore, options: OpenOptions, parts: CheckedParts) {
    super(core, options);
    const system = new SystemAccess(core);
    this.#system = system;
    this.#rewrites = new Rewrites(system);
    const files = new LogFiles(core, { hasFiles: options.memory !== true });
    const { dataDir } = options;
    const config = parts.parquet;
    this.parquet = new ParquetTier(system, { dataDir, config, isWritable: !this.readOnly });
    this.parquet.begin();
    const { parquet } = this;
    const rewrites = this.#rewrites;
    this.backups = new BackupRegistry(files, { dataDir, policy: parts.backups, parquet, rewrites });
    this.retention = new RetentionRegistry(system, {
      tier: this.parquet,
      drop: (position) => this.dropBefore(position),
      schedule: parts.retention,
      isWritable: !this.readOnly,
      hasFiles: dataDir !== undefined,
    });
    this.retention.begin();
    this.tenants = new TenantRegistry(system);
    const { tenants } = this;
    const { passwordCharactersMin } = parts;
    this.users = new UserRegistry(system, { tenants, passwordCharactersMin });
    this.apiKeys = new ApiKeyRegistry(system, { tenants, isWritable: !this.readOnly });
    this.schemas = new SchemaRegistry(system, { upcasters: options.upcasters ?? [] });
    this.#columns = new ColumnReader(system, new ArchivedRows(this.parquet));
    this.analytics = new StoreAnalytics(system);
    const { sql: policy } = parts;
    this.#sql = new StoreSql(system, { columns: this.#columns, files: this.parquet, policy });
    this.consumers = new ConsumerRegistry(system);
    this.webhooks = new WebhookRegistry(system);
    this.projections = new ProjectionRegistry(system, { isWritable: !this.readOnly });
    this.projections.begin();
    const behind = { projections: this.projections, isWritable: !this.readOnly };
    this.replays = new ReplayRegistry(system, behind);
    this.replays.begin();
    this.pipelines = new PipelineRegistry(system, {
      ...behind,
      webhooks: this.webhooks,
      allowPrivateLookups: options.allowPrivateLookups === true,
    });
    this.pipelines.begin();
    if (!this.readOnly) this.backups.begin();
    this.#states = new EntityStates(system, { ...parts.states, isWritable: !this.readOnly });
  }

  /** Payloads are checked from the first append on. */
  async begin(): Promise<void> {
    try {
      await this.schemas.begin();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  override read(options: ReadOptions = {}): AsyncGenerator<StoredEvent> {
    const events = super.read(options);
    return isUpcast(options) ? upcastEvents(events, this.#upcast) : events;
  }

  override async readPage(options: ReadOptions = {}): Promise<EventPage> {
    const page = await super.readPage(options);
    return isUpcast(options)
      ? { ...page, events: await upcastAll(page.events, this.#upcast) }
      : page;
  }

  override async readBytes(options: ReadOptions = {}): Promise<BytesPage & { bytes: Buffer }> {
    const page = await super.readBytes(options);
    return isUpcast(options) ? upcastPage(page, this.#upcast) : page;
  }

  override readNdjson(options: ReadOptions = {}): AsyncGenerator<Buffer> {
    const chunks = super.readNdjson(options);
    return isUpcast(options) ? upcastLines(chunks, this.#upcast) : chunks;
  }

  override async getEvent(eventId: string, options: EventOptions = {}) {
    const isWanted = isUpcast(options);
    const event = await super.getEvent(eventId, options);
    return event !== undefined && isWanted ? this.#upcast(event) : event;
  }

  override async getEventBytes(eventId: string, options: EventOptions = {}) {
    const isWanted = isUpcast(options);
    const bytes = await super.getEventBytes(eventId, options);
    return bytes !== undefined && isWanted ? upcastDocument(bytes, this.#upcast) : bytes;
  }

  columns(options?: ColumnsOptions): AsyncGenerator<RecordBatch> {
    return this.#columns.read(options);
  }

  readArrow(options?: ColumnsOptions): AsyncGenerator<Uint8Array> {
    return this.#columns.readArrow(options);
  }

  readParquet(options?: ColumnsOptions): AsyncGenerator<Uint8Array> {
    return this.#columns.readParquet(options);
  }

  sql(query: string, options?: SqlOptions): Promise<SqlResult> {
    return this.#sql.query(query, options);
  }

  async *sqlArrow(query: string, options?: SqlOptions): AsyncGenerator<Uint8Array> {
    yield* (await this.#sql.query(query, options)).arrow();
  }

  override subscribe(options: SubscribeOptions = {}): Subscription {
    const subscription = super.subscribe(options);
    return isUpcast(options) ? upcastSubscription(subscription, this.#upcast) : subscription;
  }

  get snapshots(): EmbeddedSnapshots {
    return this.#states.snapshots;
  }

  override async state(entityId: string, options: StateOptions = {}): Promise<EntityState> {
    const reducer = this.#states.reducerOf(entityId);
    if (reducer === undefined) return super.state(entityId, options);
    return this.#states.state(reducer, entityId, options);
  }

  async stateOf<S>(
    reducer: Reducer<S>,
    entityId: string,
    options: ReducedStateOptions = {},
  ): Promise<ReducedState<S>> {
    return this.#states.stateOf(reducer, entityId, options);
  }

  consumer(
    name: string,
    handler: ConsumerHandler,
    options?: HandlerOptions,
  ): Promise<ConsumerWorker> {
    return this.consumers.start(name, handler, options);
  }

  protected override followBytes(
    options: SubscribeOptions,
    form: EventsForm,
  ): Deliveries<BytesChunk> {
    if (!isUpcast(options)) return super.followBytes(options, form);
    const lines = super.followBytes(options, 'lines');
    return new UpcastDeliveries(lines, { form, upcast: this.#upcast });
  }

  protected override stateDocument(
    entityId: string,
    options: StateOptions,
  ): Promise<Buffer | undefined> {
    const reducer = this.#states.reducerOf(entityId);
    if (reducer === undefined) return super.stateDocument(entityId, options);
    return this.#states.document(reducer, entityId, options);
  }

  /** What the parts keep in the log must not go with the events that are dropped, nor what they still read. */
  protected override async beforeDrop(before: number): Promise<number> {
    // Nothing goes.
    if (before <= this.#system.logBegin) return before;
    await this.#rewrites.record(() => this.#rewriteRecords());
    const parts = [this.projections, this.replays, this.pipelines];
    return Math.min(before, ...parts.map((part) => part.neededFrom()));
  }

  async #rewriteRecords(): Promise<void> {
    await this.schemas.rewrite();
    await this.consumers.rewrite();
    await this.webhooks.rewrite();
    await this.projections.rewrite();
    await this.replays.rewrite();
    await this.pipelines.rewrite();
    await this.parquet.rewrite();
    await this.retention.rewrite();
    await this.tenants.rewrite();
    await this.users.rewrite();
    await this.apiKeys.rewrite();
  }

  protected override async finish(): Promise<void> {
    // A handler that is waited for may wait for one of these.
    this.projections.endWaits();
    this.pipelines.endWaits();
    await this.#sql.close();
    await this.replays.close();
    await this.backups.close();
    await this.webhooks.close();
    await this.consumers.close();
    await this.pipelines.close();
    await this.projections.close();
    await this.retention.close();
    await this.parquet.close();
    await this.#states.close();
    await this.schemas.close();
    await this.apiKeys.close();
    await this.users.close();
    await this.tenants.close();
  }
}

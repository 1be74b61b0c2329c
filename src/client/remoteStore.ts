import type { ApiKeys, Users } from '../access/index.js';
import type { Analytics } from '../analytics/index.js';
import type { Backups } from '../backups/index.js';
import type {
  ConsumerHandler,
  ConsumerWorker,
  Consumers,
  HandlerOptions,
} from '../consumers/index.js';
import { AllSourceError } from '../domain/index.js';
import type {
  AnyEvent,
  AppendCondition,
  EventShape,
  NewEvent,
  Reducer,
  StoredEvent,
} from '../domain/index.js';
import type {
  AppendResult,
  BatchOptions,
  BatchResult,
  BytesPage,
  EntityState,
  EntitySummary,
  EventOptions,
  EventPage,
  EventTypeSummary,
  IngestOptions,
  IngestProgress,
  ListOptions,
  ProofOptions,
  ReadOptions,
  ReducedState,
  ReducedStateOptions,
  StateOptions,
  StoreStats,
  SubscribeOptions,
  Subscription,
} from '../eventStore/index.js';
import { readConsistencyProof, readEventProof, readTreeHead } from '../proof/index.js';
import type { ConsistencyProof, EventProof, TreeHead } from '../proof/index.js';
import type { ArrowOptions } from '../columnar/index.js';
import type { Parquet } from '../parquet/index.js';
import type { Retention } from '../retention/index.js';
import type { Pipelines } from '../pipelineRuns/index.js';
import type { Projections } from '../projections/index.js';
import type { Replays } from '../replays/index.js';
import type { Schemas } from '../schemaRegistry/index.js';
import type { SqlOptions, SqlResult } from '../sql/index.js';
import type { Snapshots } from '../state/index.js';
import type { Tenants } from '../tenants/index.js';
import type { Webhooks } from '../webhooks/index.js';
import { appendMany, appendOne, ingest, onlyResult } from './appends.js';
import { Connection } from './connection.js';
import { RemoteApiKeys } from './access/apiKeys.js';
import { RemoteTenants } from './access/tenants.js';
import { RemoteUsers } from './access/users.js';
import { RemoteConsumers } from './delivery/consumers.js';
import { RemotePipelines } from './pipelines/pipelines.js';
import { RemoteSchemas } from './schemas.js';
import { RemoteAnalytics } from './state/analytics.js';
import { RemoteProjections } from './state/projections.js';
import { readReducedState } from './state/reducedState.js';
import { RemoteSnapshots } from './state/snapshots.js';
import { RemoteReplays } from './state/replays.js';
import { RemoteSql } from './state/sql.js';
import { RemoteBackups } from './storage/backups.js';
import { RemoteParquet } from './storage/parquet.js';
import { RemoteRetention } from './storage/retention.js';
import { subscribe } from './subscription.js';
import type { ClientOptions } from './types.js';
import { RemoteWebhooks } from './delivery/webhooks.js';
import { type RemoteStore, type WireAccess, createWireAccess } from './wire/access.js';
import { toEntity, toEvent, toEventType, toState, toStats } from './wire/documents.js';
import type { WireEntity, WireEvent, WireEventType } from './wire/documents.js';
import { checkNames, optionTables, segmentOf, toQuery } from './wire/parameters.js';
import type { QueryParameters } from './wire/parameters.js';

const queryPath = '/api/v1/events/query';
const ndjsonType = 'application/x-ndjson';
const arrowType = 'application/vnd.apache.arrow.stream';
const lineFeed = 0x0a;
/** Bytes at the end of a page that hold its count and cursor. */
const pageTailBytes = 256;
const pageTail = /\],"count":(\d+),"next_cursor":(?:null|"([^"]*)")\}$/;

const conditionNames: ReadonlySet<string> = new Set(['failIfEventsMatch', 'after']);

interface OfTenant {
  readonly tenantId?: string | undefined;
}

/**
 * The store behind a server, as an `EventStore`: the same calls as those of a store in this process,
 * over `fetch` and `WebSocket`. Nothing is sent before the first call.
 *
 * @example
 * const store = connect('http://127.0.0.1:3900');
 * await store.append({ eventType: 'order.placed', entityId: 'order-1', payload: { total: 42 } });
 * for await (const event of store.subscribe({ from: 'beginning' }).events()) console.log(event);
 */
export function connect<E extends EventShape = AnyEvent>(
  url: string | URL,
  options: ClientOptions = {},
): RemoteStore<E> {
  // What E says of payloads is the caller's word; nothing is checked against it at run time.
  return new RemoteEventStore(url, options) as unknown as RemoteStore<E>;
}

class RemoteEventStore implements RemoteStore<AnyEvent> {
  readonly consumers: Consumers;
  readonly webhooks: Webhooks;
  readonly snapshots: Snapshots;
  readonly backups: Backups;
  readonly parquet: Parquet;
  readonly retention: Retention;
  readonly tenants: Tenants;
  readonly users: Users;
  readonly apiKeys: ApiKeys;
  readonly projections: Projections;
  readonly replays: Replays;
  readonly pipelines: Pipelines;
  readonly schemas: Schemas;
  readonly analytics: Analytics;
  readonly wire: WireAccess;
  readonly #connection: Connection;
  readonly #consumers: RemoteConsumers;
  readonly #sql: RemoteSql;

  constructor(url: string | URL, options: ClientOptions) {
    this.#connection = new Connection(url, options);
    this.#consumers = new RemoteConsumers(this.#connection, this);
    this.consumers = this.#consumers;
    this.webhooks = new RemoteWebhooks(this.#connection);
    this.snapshots = new RemoteSnapshots(this.#connection);
    this.backups = new RemoteBackups(this.#connection);
    this.parquet = new RemoteParquet(this.#connection);
    this.retention = new RemoteRetention(this.#connection);
    this.tenants = new RemoteTenants(this.#connection);
    this.users = new RemoteUsers(this.#connection);
    this.apiKeys = new RemoteApiKeys(this.#connection);
    this.projections = new RemoteProjections(this.#connection);
    this.replays = new RemoteReplays(this.#connection);
    this.pipelines = new RemotePipelines(this.#connection);
    this.schemas = new RemoteSchemas(this.#connection);
    this.analytics = new RemoteAnalytics(this.#connection);
    this.#sql = new RemoteSql(this.#connection);
    this.wire = createWireAccess(this.#connection);
  }

  sql(query: string, options?: SqlOptions): Promise<SqlResult> {
    return this.#sql.query(query, options);
  }

  sqlArrow(query: string, options?: SqlOptions): AsyncGenerator<Uint8Array> {
    return this.#sql.arrow(query, options);
  }

  async append(event: NewEvent, condition?: AppendCondition): Promise<AppendResult> {
    this.#connection.mustBeOpen();
    if (condition === undefined) return appendOne(this.#connection, event);
    checkNames(condition, conditionNames, { code: 'validation_error' });
    const { failIfEventsMatch, after } = condition;
    const options = { tenantId: event.tenantId, failIfEventsMatch, after };
    return onlyResult(await appendMany(this.#connection, [event], options));
  }

  async appendBatch(
    events: readonly NewEvent[] | Uint8Array | AsyncIterable<Uint8Array>,
    options: BatchOptions = {},
  ): Promise<BatchResult> {
    this.#connection.mustBeOpen();
    return appendMany(this.#connection, events, options);
  }

  async ingest(
    source: AsyncIterable<Uint8Array>,
    options: IngestOptions = {},
  ): Promise<IngestProgress> {
    this.#connection.mustBeOpen();
    return ingest(this.#connection, source, options);
  }

  async *read(options: ReadOptions = {}): AsyncGenerator<StoredEvent> {
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of this.readNdjson(options)) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield toEvent(JSON.parse(line) as WireEvent);
    }
  }

  async readPage(options: ReadOptions = {}): Promise<EventPage> {
    const query = toQuery(options, optionTables.read);
    const page = await this.#get<{ events: WireEvent[]; next_cursor: string | null }>(
      queryPath,
      query,
    );
    return { events: page.events.map(toEvent), nextCursor: page.next_cursor };
  }

  async readBytes(options: ReadOptions = {}): Promise<BytesPage> {
    const query = toQuery(options, optionTables.read);
    const request = { path: queryPath, query, isRepeatable: true };
    const bytes = await this.#connection.send(request, bytesOf);
    const tail = new TextDecoder('latin1').decode(bytes.subarray(-pageTailBytes));
    const [, count, nextCursor] = pageTail.exec(tail) ?? [];
    return { bytes, count: Number(count), nextCursor: nextCursor ?? null };
  }

  async *readNdjson(options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    this.#connection.mustBeOpen();
    const query = toQuery(options, optionTables.read);
    if (options.limit === 0) return;
    const request = { path: queryPath, query, accept: ndjsonType, isRepeatable: true };
    let last = lineFeed;
    for await (const chunk of this.#connection.stream(request)) {
      last = chunk.at(-1) ?? last;
      yield chunk;
    }
    if (last !== lineFeed) {
      throw new AllSourceError('server_unreachable', 'the answer ended in the middle of an event');
    }
  }

  async *readArrow(options: ArrowOptions = {}): AsyncGenerator<Uint8Array> {
    this.#connection.mustBeOpen();
    const query = toQuery(options, optionTables.arrow);
    yield* this.#connection.stream({
      path: queryPath,
      query,
      accept: arrowType,
      isRepeatable: true,
    });
  }

  async getEvent(eventId: string, options: EventOptions = {}): Promise<StoredEvent | undefined> {
    const bytes = await this.getEventBytes(eventId, options);
    if (bytes === undefined) return undefined;
    return toEvent(JSON.parse(new TextDecoder().decode(bytes)) as WireEvent);
  }

  async getEventBytes(
    eventId: string,
    options: EventOptions = {},
  ): Promise<Uint8Array | undefined> {
    this.#connection.mustBeOpen();
    if (eventId === '') return undefined;
    const path = `/api/v1/events/${segmentOf(eventId, 'event_id')}`;
    const query = toQuery(options, optionTables.event);
    try {
      return await this.#connection.send({ path, query, isRepeatable: true }, bytesOf);
    } catch (error) {
      if (isCode(error, 'event_not_found') || isBadId(error)) return undefined;
      throw error;
    }
  }

  async state(entityId: string, options: StateOptions = {}): Promise<EntityState> {
    return toState(await this.wire.state(entityId, options));
  }

  /** Made here of the events: the server does not have the reducer. */
  async stateOf<S>(
    reducer: Reducer<S>,
    entityId: string,
    options: ReducedStateOptions = {},
  ): Promise<ReducedState<S>> {
    const read = (wanted: ReadOptions) => this.read(wanted);
    return readReducedState({ read }, reducer, { ...options, entityId });
  }

  async entities(
    options: ListOptions = {},
  ): Promise<{ entities: EntitySummary[]; nextCursor: string | null }> {
    const query = toQuery(options, optionTables.list);
    const page = await this.#get<{ entities: WireEntity[]; next_cursor: string | null }>(
      '/api/v1/entities',
      query,
    );
    return { entities: page.entities.map(toEntity), nextCursor: page.next_cursor };
  }

  async eventTypes(
    options: ListOptions = {},
  ): Promise<{ eventTypes: EventTypeSummary[]; nextCursor: string | null }> {
    const query = toQuery(options, optionTables.list);
    const page = await this.#get<{ event_types: WireEventType[]; next_cursor: string | null }>(
      '/api/v1/event-types',
      query,
    );
    return { eventTypes: page.event_types.map(toEventType), nextCursor: page.next_cursor };
  }

  async stats(options: OfTenant = {}): Promise<StoreStats> {
    return toStats(await this.wire.stats(options));
  }

  subscribe(options: SubscribeOptions = {}): Subscription {
    return subscribe(this.#connection, options);
  }

  consumer(
    name: string,
    handler: ConsumerHandler,
    options?: HandlerOptions,
  ): Promise<ConsumerWorker> {
    return this.#consumers.start(name, handler, options);
  }

  async treeHead(options: { treeSize?: number | undefined } = {}): Promise<TreeHead> {
    const query = toQuery(options, optionTables.treeHead);
    return readTreeHead(await this.#get('/api/v1/integrity/root', query));
  }

  async proveEvent(position: number, options: ProofOptions = {}): Promise<EventProof> {
    const { tenantId } = options;
    const query = toQuery(options, optionTables.proof);
    const at = { tenantId, fromPosition: position, limit: 1 };
    const [event] = (await this.readPage(at)).events;
    if (event?.position !== position) {
      throw new AllSourceError('event_not_found', `the tenant has no event at ${position}`);
    }
    return readEventProof(await this.#get(`/api/v1/integrity/proof/${event.id}`, query));
  }

  async proveConsistency(
    firstSize: number,
    options: { secondSize?: number | undefined } = {},
  ): Promise<ConsistencyProof> {
    const query = { ...toQuery(options, optionTables.consistency), first_size: firstSize };
    return readConsistencyProof(await this.#get('/api/v1/integrity/consistency', query));
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #get<T>(path: string, query: QueryParameters): Promise<T> {
    return this.#connection.json<T>({ path, query, isRepeatable: true });
  }
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof AllSourceError && error.code === code;
}

/** What is no UUID is the id of no event. */
function isBadId(error: unknown): boolean {
  return (
    error instanceof AllSourceError &&
    error.details?.some(({ field }) => field === 'eventId') === true
  );
}

import {
  AllSourceError,
  decodeCursor,
  encodeCursor,
  entityNotFound,
  pageBytesMax,
  toJsonText,
} from '../domain/index.js';
import type { AppendCondition, NewEvent, StoredEvent } from '../domain/index.js';
import { fromNative, nativeError } from '../engine/index.js';
import type { ConsistencyProof, EventProof, TreeHead } from '../proof/index.js';
import { withEvents } from './append/conditionError.js';
import { ingest, onlyResult, toBatchInput } from './append/inputs.js';
import type { ProofOptions } from './integrity/proofs.js';
import {
  checkedLimit,
  cursorOf,
  filterFingerprint,
  pageLimit,
  positionQuery,
  tenantOf,
  textOf,
  toEngineQuery,
} from './read/query.js';
import { chunkBounds, oneEvent } from './read/reader.js';
import type { Deliveries } from './read/follower.js';
import type { BytesChunk, EventsForm, ReadBounds } from './read/reader.js';
import { queryOf, subscriptionOver } from './read/subscription.js';
import { readCounters, readStats } from './statistics.js';
import { toStateRequest } from './read/stateRequest.js';
import type { StoreCore } from './storeCore.js';
import type {
  AppendResult,
  BatchOptions,
  BatchResult,
  BytesPage,
  CoreStore,
  DropReport,
  Durability,
  EngineCounters,
  EntityState,
  EntitySummary,
  EventOptions,
  EventPage,
  EventTypeSummary,
  IngestOptions,
  IngestProgress,
  ListOptions,
  OpenOptions,
  ReadOptions,
  StateOptions,
  StoreDamage,
  StoreStats,
  SubscribeOptions,
  Subscription,
  VerifyOptions,
  VerifyReport,
  WireAccess,
} from './types.js';
import { runVerify } from './integrity/verify.js';
import { wireAccess } from './wireAccess.js';

/** Appends and reads of the store of `openEventStore`, over the native engine. */
export class NativeEventStore implements CoreStore {
  readonly durability: Durability;
  readonly damage: StoreDamage | null;
  readonly dataDir: string | null;
  readonly wire: WireAccess;
  readonly #core: StoreCore;

  constructor(core: StoreCore, options: OpenOptions) {
    this.#core = core;
    this.durability = options.memory === true ? 'memory' : (options.durability ?? 'sync');
    this.damage = core.native.damage();
    this.dataDir = options.dataDir ?? null;
    const [follow, state] = [this.followBytes.bind(this), this.stateDocument.bind(this)];
    this.wire = { ...wireAccess(core), follow, state };
  }

  get readOnly(): boolean {
    return this.#core.native.failure() !== null;
  }
  get watermark(): number {
    return this.#core.watermark;
  }

  append(event: NewEvent, condition?: AppendCondition): Promise<AppendResult> {
    if (condition !== undefined) return this.#appendOne(event, condition);
    try {
      this.#core.mustBeOpen();
      return this.#core.awaited(this.#core.appends.append(toJsonText(event, 'event')));
    } catch (error) {
      return Promise.reject(toError(error));
    }
  }

  async appendBatch(
    events: readonly NewEvent[] | Uint8Array | AsyncIterable<Uint8Array>,
    options: BatchOptions = {},
  ): Promise<BatchResult> {
    this.#core.mustBeOpen();
    const input = toBatchInput(events, options);
    // What is there already is not awaited: appends take effect in the order of their calls.
    const append = this.#core.appendInput(input instanceof Promise ? await input : input);
    if (options.failIfEventsMatch === undefined) return append;
    const query = (position: number) => positionQuery(options.tenantId ?? 'default', position);
    return append.catch(async (error: unknown) => {
      throw await withEvents(error, async (position) => {
        const page = await this.#core.reader.objects(query(position), oneEvent);
        return page.events[0];
      });
    });
  }

  async #appendOne(event: NewEvent, condition: AppendCondition): Promise<AppendResult> {
    const { failIfEventsMatch, after, ...rest } = condition;
    const [unknown] = Object.keys(rest);
    if (unknown !== undefined) {
      throw new AllSourceError(
        'validation_error',
        `${unknown}: not known here; a condition has failIfEventsMatch and after`,
      );
    }
    const tenantId = event.tenantId ?? 'default';
    const { results } = await this.appendBatch([event], { tenantId, failIfEventsMatch, after });
    return onlyResult(results);
  }

  async ingest(
    source: AsyncIterable<Uint8Array>,
    options: IngestOptions = {},
  ): Promise<IngestProgress> {
    this.#core.mustBeOpen();
    checkedLimit(options.batchEvents ?? 1, 1, 1_000_000, 'batchEvents');
    checkedLimit(options.inFlight ?? 1, 1, 1024, 'inFlight');
    return ingest((input) => this.#core.appendInput(input), source, options);
  }

  async *read(options: ReadOptions = {}): AsyncGenerator<StoredEvent> {
    const query = this.#boundedQuery(options);
    for (let left = options.limit ?? Infinity; left > 0;) {
      this.#core.mustBeOpen();
      const page = await this.#core.reader.objects(query, boundsOf(left));
      yield* page.events;
      left -= page.count;
      if (page.nextPosition === 0) return;
      advance(query, page.nextPosition);
    }
  }

  async readPage(options: ReadOptions = {}): Promise<EventPage> {
    this.#core.mustBeOpen();
    const query = toEngineQuery(options);
    const bounds = { events: pageLimit(options.limit), bytes: pageBytesMax };
    const { events, nextPosition } = await this.#core.reader.objects(query, bounds);
    return { events, nextCursor: cursorOf(query, nextPosition) };
  }

  async readBytes(options: ReadOptions = {}): Promise<BytesPage & { readonly bytes: Buffer }> {
    this.#core.mustBeOpen();
    return this.#core.reader.page(toEngineQuery(options), pageLimit(options.limit));
  }

  async *readNdjson(options: ReadOptions = {}): AsyncGenerator<Buffer> {
    const query = this.#boundedQuery(options);
    for (let left = options.limit ?? Infinity; left > 0;) {
      this.#core.mustBeOpen();
      const chunk = await this.#core.reader.chunk(query, boundsOf(left), 'lines');
      if (chunk.count > 0) yield chunk.bytes;
      left -= chunk.count;
      if (chunk.nextPosition === 0) return;
      advance(query, chunk.nextPosition);
    }
  }

  async getEvent(eventId: string, options: EventOptions = {}): Promise<StoredEvent | undefined> {
    this.#core.mustBeOpen();
    const tenantId = tenantOf(options.tenantId);
    return this.#core.reader.eventObject(tenantId, textOf(eventId, 'event_id'));
  }

  async getEventBytes(eventId: string, options: EventOptions = {}): Promise<Buffer | undefined> {
    this.#core.mustBeOpen();
    const tenantId = tenantOf(options.tenantId);
    return this.#core.reader.eventBytes(tenantId, textOf(eventId, 'event_id'));
  }

  async state(entityId: string, options: StateOptions = {}): Promise<EntityState> {
    const answer = await this.#core.state(toStateRequest(entityId, options, 'api'));
    if (answer === undefined) throw entityNotFound(entityId, options);
    // The engine wrote this text; its shape is that of EntityState.
    return JSON.parse(answer.bytes.toString()) as EntityState;
  }

  async entities(
    options: ListOptions = {},
  ): Promise<{ entities: EntitySummary[]; nextCursor: string | null }> {
    const list = this.#list('entities', options, (request) => this.#core.reader.entities(request));
    return { entities: list.items, nextCursor: list.nextCursor };
  }

  async eventTypes(
    options: ListOptions = {},
  ): Promise<{ eventTypes: EventTypeSummary[]; nextCursor: string | null }> {
    const list = this.#list('eventTypes', options, (request) =>
      this.#core.reader.eventTypes(request),
    );
    return { eventTypes: list.items, nextCursor: list.nextCursor };
  }

  async stats(options: { tenantId?: string | undefined } = {}): Promise<StoreStats> {
    this.#core.mustBeOpen();
    const { tenantId } = options;
    return readStats(this.#core.native, tenantId === undefined ? undefined : tenantOf(tenantId));
  }

  counters(): EngineCounters {
    this.#core.mustBeOpen();
    return readCounters(this.#core.native);
  }

  subscribe(options: SubscribeOptions = {}): Subscription {
    this.#core.mustBeOpen();
    const query = queryOf(options, this.watermark);
    const read = this.#core.reader.objects.bind(this.#core.reader);
    return subscriptionOver(this.#core.follow({ query, read, signal: options.signal }));
  }

  waitForWatermark(position: number, signal?: AbortSignal): Promise<void> {
    try {
      checkedLimit(position, 0, Number.MAX_SAFE_INTEGER, 'position');
    } catch (error) {
      return Promise.reject(toError(error));
    }
    return this.#core.reached(position, { signal }).then(() => undefined);
  }

  async treeHead(options: { treeSize?: number | undefined } = {}): Promise<TreeHead> {
    this.#core.mustBeOpen();
    return this.#core.prover.head(options.treeSize);
  }

  async proveEvent(position: number, options: ProofOptions = {}): Promise<EventProof> {
    this.#core.mustBeOpen();
    return this.#core.prover.event(position, options);
  }

  async proveConsistency(
    firstSize: number,
    options: { secondSize?: number | undefined } = {},
  ): Promise<ConsistencyProof> {
    this.#core.mustBeOpen();
    return this.#core.prover.consistency(firstSize, options.secondSize);
  }

  async dropBefore(position: number): Promise<DropReport> {
    this.#core.mustBeOpen();
    const before = checkedLimit(position, 1, Number.MAX_SAFE_INTEGER, 'position');
    // What is written meanwhile is not dropped.
    const bounded = await this.beforeDrop(Math.min(before, this.watermark + 1));
    try {
      return await this.#core.native.dropBefore(bounded);
    } catch (error) {
      throw fromNative(error);
    }
  }

  async verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    this.#core.mustBeOpen();
    return runVerify(this.#core.native, options, this.watermark);
  }

  close(): Promise<void> {
    return this.#core.close(() => this.finish());
  }

  /** A subscription as bytes in the wire names. */
  protected followBytes(options: SubscribeOptions, form: EventsForm): Deliveries<BytesChunk> {
    this.#core.mustBeOpen();
    const query = queryOf(options, this.watermark);
    const read = this.#core.sharedReads.readerOf(query, form);
    return this.#core.follow({ query, read, signal: options.signal });
  }

  /** The state document in the wire names; undefined where there is none. */
  protected async stateDocument(
    entityId: string,
    options: StateOptions,
  ): Promise<Buffer | undefined> {
    return (await this.#core.state(toStateRequest(entityId, options, 'wire')))?.bytes;
  }

  /** What is done before events are dropped; resolves to `before`, or to less where more must stay. */
  protected beforeDrop(before: number): Promise<number> {
    return Promise.resolve(before);
  }

  /** What is done while the store closes, before its engine does. */
  protected finish(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** A query that sees nothing beyond the watermark of now, however long its reading takes. */
  #boundedQuery(options: ReadOptions): ReturnType<typeof toEngineQuery> {
    this.#core.mustBeOpen();
    if (options.limit !== undefined) {
      checkedLimit(options.limit, 0, Number.MAX_SAFE_INTEGER, 'limit');
    }
    const query = toEngineQuery(options);
    if (Number.isNaN(query.lastPosition)) query.lastPosition = this.watermark;
    return query;
  }

  #list<Item>(
    kind: 'entities' | 'eventTypes',
    options: ListOptions,
    list: (request: { tenantId: string; prefix: string; firstPosition: number; limit: number }) => {
      items: Item[];
      nextPosition: number;
    },
  ): { items: Item[]; nextCursor: string | null } {
    this.#core.mustBeOpen();
    const tenantId = tenantOf(options.tenantId);
    const prefix = textOf(options.prefix ?? '', 'prefix');
    const filter = filterFingerprint([kind, tenantId, prefix]);
    const limit = pageLimit(options.limit);
    const firstPosition = firstOfList(options.cursor, filter);
    const { items, nextPosition } = list({ tenantId, prefix, firstPosition, limit });
    const nextCursor =
      nextPosition === 0 ? null : encodeCursor({ order: 'asc', position: nextPosition, filter });
    return { items, nextCursor };
  }
}

/** What a read takes from the engine at a time, where `left` events are still wanted. */
function boundsOf(left: number): ReadBounds {
  return { ...chunkBounds, events: Math.min(chunkBounds.events, left) };
}

function advance(query: ReturnType<typeof toEngineQuery>, position: number): void {
  if (query.order === 'asc') {
    query.firstPosition = position;
  } else {
    query.lastPosition = position;
  }
}

function firstOfList(cursor: string | undefined, filter: string): number {
  if (cursor === undefined) return 1;
  const decoded = decodeCursor(textOf(cursor, 'cursor'));
  if (decoded.filter === filter && decoded.order === 'asc') return decoded.position;
  throw new AllSourceError('invalid_query', 'cursor: it belongs to another list', {
    details: [{ field: 'cursor', reason: 'of another list' }],
  });
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : nativeError(0, String(error));
}

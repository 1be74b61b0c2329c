import {
  AllSourceError,
  decodeCursor,
  encodeCursor,
  formatTimestamp,
  pageBytesMax,
  stateHistoryDefault,
} from '../domain/index.js';
import type { AppendCondition, NewEvent, StoredEvent } from '../domain/index.js';
import { fieldNames, fromNative, inputFormat, nativeError, readFlag } from '../engine/index.js';
import type { NativeStore } from '../engine/index.js';
import type { ConsistencyProof, EventProof, TreeHead } from '../proof/index.js';
import { AppendQueue } from './append/appendQueue.js';
import type { BatchInput } from './append/batchJob.js';
import { withEvents, withWireEvents } from './append/conditionError.js';
import { ingestLines, toBatchInput, toJsonText } from './append/inputs.js';
import {
  checkedLimit,
  cursorOf,
  filterFingerprint,
  microsOf,
  pageLimit,
  textOf,
  toEngineQuery,
} from './read/query.js';
import { Prover } from './proofs.js';
import type { ProofOptions } from './proofs.js';
import { Follower } from './read/follower.js';
import type { FollowOptions } from './read/follower.js';
import { Reader, chunkBounds } from './read/reader.js';
import type { Chunk, ReadBounds } from './read/reader.js';
import { SharedReads } from './read/sharedReads.js';
import { readCounters, readStats, readStatsDocument } from './statistics.js';
import { queryOf, subscriptionOver } from './read/subscription.js';
import type {
  AppendResult,
  BatchOptions,
  BatchResult,
  BytesPage,
  DropReport,
  Durability,
  EngineCounters,
  EntityState,
  EntitySummary,
  EventPage,
  EventStore,
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
import { runVerify } from './verify.js';
import { Watermark } from './watermark.js';
import type { WaitOptions } from './watermark.js';

const oneEvent: ReadBounds = { ...chunkBounds, events: 1 };
const lineFeed = 0x0a;
const openBrace = 0x7b;

/** The store of `openEventStore`, over the native engine. */
export class NativeEventStore implements EventStore {
  readonly durability: Durability;
  readonly damage: StoreDamage | null;
  readonly wire: WireAccess;
  readonly #native: NativeStore;
  readonly #appends: AppendQueue;
  readonly #reader: Reader;
  readonly #sharedReads: SharedReads;
  readonly #prover: Prover;
  readonly #watermark: Watermark;
  #isReferenced = false;
  #closing: Promise<void> | undefined;

  constructor(native: NativeStore, options: OpenOptions) {
    this.#native = native;
    this.durability = options.memory === true ? 'memory' : (options.durability ?? 'sync');
    this.damage = native.damage();
    this.#appends = new AppendQueue(native);
    this.#reader = new Reader(native);
    this.#sharedReads = new SharedReads(this.#reader);
    this.#prover = new Prover(native, () => this.#watermark.position);
    const { watermark } = readCounters(native);
    this.#watermark = new Watermark(watermark);
    this.#appends.onProgress(watermark, false);
    this.wire = this.#wireAccess();
  }

  get readOnly(): boolean {
    return this.#native.failure() !== null;
  }
  get watermark(): number {
    return this.#watermark.position;
  }

  /** Called when the engine's watermark, room or failure changed. */
  onProgress(watermark: number, failureCode: number): void {
    this.#appends.onProgress(watermark, failureCode !== 0);
    this.#watermark.moveTo(watermark);
    this.#keepAliveWhileNeeded();
  }

  append(event: NewEvent, condition?: AppendCondition): Promise<AppendResult> {
    if (condition !== undefined) return this.#appendOne(event, condition);
    try {
      this.#mustBeOpen();
      return this.#awaited(this.#appends.append(toJsonText(event, 'event')));
    } catch (error) {
      return Promise.reject(toError(error));
    }
  }

  async appendBatch(
    events: readonly NewEvent[] | Uint8Array | AsyncIterable<Uint8Array>,
    options: BatchOptions = {},
  ): Promise<BatchResult> {
    this.#mustBeOpen();
    const input = toBatchInput(events, options);
    // What is there already is not awaited: appends take effect in the order of their calls.
    const append = this.#appendInput(input instanceof Promise ? await input : input);
    if (options.failIfEventsMatch === undefined) return append;
    const query = (position: number) => queryAt(options.tenantId ?? 'default', position);
    return append.catch(async (error: unknown) => {
      throw await withEvents(error, async (position) => {
        const page = await this.#reader.objects(query(position), oneEvent);
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
    this.#mustBeOpen();
    checkedLimit(options.batchEvents ?? 1, 1, 1_000_000, 'batchEvents');
    checkedLimit(options.inFlight ?? 1, 1, 1024, 'inFlight');
    return ingestLines((input) => this.#appendInput(input), source, options);
  }

  async *read(options: ReadOptions = {}): AsyncGenerator<StoredEvent> {
    const query = this.#boundedQuery(options);
    for (let left = options.limit ?? Infinity; left > 0;) {
      this.#mustBeOpen();
      const page = await this.#reader.objects(query, boundsOf(left));
      yield* page.events;
      left -= page.count;
      if (page.nextPosition === 0) return;
      advance(query, page.nextPosition);
    }
  }

  async readPage(options: ReadOptions = {}): Promise<EventPage> {
    this.#mustBeOpen();
    const query = toEngineQuery(options);
    const bounds = { events: pageLimit(options.limit), bytes: pageBytesMax };
    const { events, nextPosition } = await this.#reader.objects(query, bounds);
    return { events, nextCursor: cursorOf(query, nextPosition) };
  }

  async readBytes(options: ReadOptions = {}): Promise<BytesPage> {
    this.#mustBeOpen();
    return this.#reader.page(toEngineQuery(options), pageLimit(options.limit));
  }

  async *readNdjson(options: ReadOptions = {}): AsyncGenerator<Buffer> {
    const query = this.#boundedQuery(options);
    for (let left = options.limit ?? Infinity; left > 0;) {
      this.#mustBeOpen();
      const chunk = await this.#reader.chunk(query, boundsOf(left), 'lines');
      if (chunk.count > 0) yield chunk.bytes;
      left -= chunk.count;
      if (chunk.nextPosition === 0) return;
      advance(query, chunk.nextPosition);
    }
  }

  async getEvent(
    eventId: string,
    options: { tenantId?: string | undefined } = {},
  ): Promise<StoredEvent | undefined> {
    this.#mustBeOpen();
    const tenantId = textOf(options.tenantId ?? 'default', 'tenant_id');
    return this.#reader.eventObject(tenantId, textOf(eventId, 'event_id'));
  }

  async getEventBytes(
    eventId: string,
    options: { tenantId?: string | undefined } = {},
  ): Promise<Buffer | undefined> {
    this.#mustBeOpen();
    const tenantId = textOf(options.tenantId ?? 'default', 'tenant_id');
    return this.#reader.eventBytes(tenantId, textOf(eventId, 'event_id'));
  }

  async state(entityId: string, options: StateOptions = {}): Promise<EntityState> {
    const bytes = await this.#stateBytes(entityId, options, readFlag.apiStyle);
    if (bytes === undefined) {
      throw new AllSourceError(
        'entity_not_found',
        `entity ${JSON.stringify(entityId)} has no events${options.asOf === undefined ? '' : ' up to as_of'}`,
      );
    }
    // The engine wrote this text; its shape is that of EntityState.
    return JSON.parse(bytes.toString()) as EntityState;
  }

  async entities(
    options: ListOptions = {},
  ): Promise<{ entities: EntitySummary[]; nextCursor: string | null }> {
    const list = this.#list('entities', options, (request) => this.#reader.entities(request));
    return { entities: list.items, nextCursor: list.nextCursor };
  }

  async eventTypes(
    options: ListOptions = {},
  ): Promise<{ eventTypes: EventTypeSummary[]; nextCursor: string | null }> {
    const list = this.#list('eventTypes', options, (request) => this.#reader.eventTypes(request));
    return { eventTypes: list.items, nextCursor: list.nextCursor };
  }

  stats(options: { tenantId?: string | undefined } = {}): StoreStats {
    this.#mustBeOpen();
    const { tenantId } = options;
    return readStats(
      this.#native,
      tenantId === undefined ? undefined : textOf(tenantId, 'tenant_id'),
    );
  }

  counters(): EngineCounters {
    this.#mustBeOpen();
    return readCounters(this.#native);
  }

  subscribe(options: SubscribeOptions = {}): Subscription {
    this.#mustBeOpen();
    const query = queryOf(options, this.watermark);
    const read = this.#reader.objects.bind(this.#reader);
    return subscriptionOver(this.#follow({ query, read, signal: options.signal }));
  }

  waitForWatermark(position: number, signal?: AbortSignal): Promise<void> {
    if (this.#closing) return Promise.reject(closedError());
    try {
      checkedLimit(position, 0, Number.MAX_SAFE_INTEGER, 'position');
    } catch (error) {
      return Promise.reject(toError(error));
    }
    return this.#reached(position, { signal }).then(() => undefined);
  }

  async treeHead(options: { treeSize?: number | undefined } = {}): Promise<TreeHead> {
    this.#mustBeOpen();
    return this.#prover.head(options.treeSize);
  }

  async proveEvent(position: number, options: ProofOptions = {}): Promise<EventProof> {
    this.#mustBeOpen();
    return this.#prover.event(position, options);
  }

  async proveConsistency(
    firstSize: number,
    options: { secondSize?: number | undefined } = {},
  ): Promise<ConsistencyProof> {
    this.#mustBeOpen();
    return this.#prover.consistency(firstSize, options.secondSize);
  }

  async dropBefore(position: number): Promise<DropReport> {
    this.#mustBeOpen();
    const before = checkedLimit(position, 1, Number.MAX_SAFE_INTEGER, 'position');
    try {
      return await this.#native.dropBefore(before);
    } catch (error) {
      throw fromNative(error);
    }
  }

  async verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    this.#mustBeOpen();
    return runVerify(this.#native, options, this.watermark);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    // What was appended before is finished: the engine reports progress until nothing waits.
    this.#native.ref();
    await this.#appends.idle();
    this.#watermark.failAll(closedError());
    try {
      await this.#native.close();
    } catch (error) {
      throw fromNative(error);
    } finally {
      this.#native.unref();
    }
  }

  /** A pending promise alone would let the process end: the engine keeps it alive meanwhile. */
  #awaited<T>(promise: Promise<T>): Promise<T> {
    if (!this.#isReferenced) {
      this.#isReferenced = true;
      this.#native.ref();
    }
    return promise;
  }

  #reached(position: number, options: WaitOptions): Promise<boolean> {
    const reached = this.#watermark.reached(position, options);
    return this.#awaited(reached).finally(() => this.#keepAliveWhileNeeded());
  }

  #follow<C extends Chunk>(options: FollowOptions<C>): Follower<C> {
    const source = {
      watermark: () => this.#watermark.position,
      isClosed: () => this.#closing !== undefined,
      reached: (position: number, wait: WaitOptions) => this.#reached(position, wait),
    };
    return new Follower(source, options);
  }

  #keepAliveWhileNeeded(): void {
    if (!this.#isReferenced || !this.#appends.isIdle || this.#watermark.hasWaiters) return;
    this.#isReferenced = false;
    this.#native.unref();
  }

  #appendInput(input: BatchInput): Promise<BatchResult> {
    if (this.#closing) return Promise.reject(closedError());
    return this.#awaited(this.#appends.appendBatch(input));
  }

  /** A query that sees nothing beyond the watermark of now, however long its reading takes. */
  #boundedQuery(options: ReadOptions): ReturnType<typeof toEngineQuery> {
    this.#mustBeOpen();
    if (options.limit !== undefined) {
      checkedLimit(options.limit, 0, Number.MAX_SAFE_INTEGER, 'limit');
    }
    const query = toEngineQuery(options);
    if (Number.isNaN(query.lastPosition)) query.lastPosition = this.#watermark.position;
    return query;
  }

  async #stateBytes(
    entityId: string,
    options: StateOptions,
    style: number,
  ): Promise<Buffer | undefined> {
    this.#mustBeOpen();
    const asOfMicros = microsOf(options.asOf, 'as_of');
    try {
      return await this.#reader.state({
        tenantId: textOf(options.tenantId ?? 'default', 'tenant_id'),
        entityId: textOf(entityId, 'entity_id'),
        asOfMicros,
        asOfText: asOfText(asOfMicros, style),
        historyLimit: options.historyLimit ?? stateHistoryDefault,
        style,
      });
    } catch (error) {
      throw fromNative(error);
    }
  }

  #list<Item>(
    kind: 'entities' | 'eventTypes',
    options: ListOptions,
    list: (request: { tenantId: string; prefix: string; firstPosition: number; limit: number }) => {
      items: Item[];
      nextPosition: number;
    },
  ): { items: Item[]; nextCursor: string | null } {
    this.#mustBeOpen();
    const tenantId = textOf(options.tenantId ?? 'default', 'tenant_id');
    const prefix = textOf(options.prefix ?? '', 'prefix');
    const filter = filterFingerprint([kind, tenantId, prefix]);
    const limit = pageLimit(options.limit);
    const firstPosition = firstOfList(options.cursor, filter);
    const { items, nextPosition } = list({ tenantId, prefix, firstPosition, limit });
    const nextCursor =
      nextPosition === 0 ? null : encodeCursor({ order: 'asc', position: nextPosition, filter });
    return { items, nextCursor };
  }

  #mustBeOpen(): void {
    if (this.#closing) throw closedError();
  }

  /** A body that is blank or on several lines can't be a line among others: it crosses by itself. */
  async #appendBody(body: Uint8Array, tenantId: string): Promise<AppendResult> {
    this.#mustBeOpen();
    const isLine = body[0] === openBrace && !body.includes(lineFeed);
    if (isLine) return this.#awaited(this.#appends.appendLine(body, tenantId));
    const { event: format } = inputFormat;
    const input = { bytes: body, format, names: fieldNames.snake, tenantId, full: true };
    const { results } = await this.#appendInput(input);
    return onlyResult(results);
  }

  #appendWireBatch(input: BatchInput): Promise<BatchResult> {
    return this.#appendInput(input).catch(async (error: unknown) => {
      throw await withWireEvents(error, async (position) => {
        const query = queryAt(input.tenantId, position);
        const { bytes } = await this.#reader.chunk(query, oneEvent, 'list');
        return bytes.length === 0 ? undefined : bytes.toString();
      });
    });
  }

  #wireAccess(): WireAccess {
    return {
      append: (body, tenantId) => this.#appendBody(body, tenantId),
      appendBatch: (body, { tenantId, format, return: wanted }) =>
        this.#appendWireBatch({
          bytes: body,
          format: format === 'json' ? inputFormat.batch : inputFormat.ndjson,
          names: fieldNames.snake,
          tenantId,
          full: wanted === 'full',
        }),
      getEvent: (eventId, tenantId) => {
        this.#mustBeOpen();
        return this.#reader.eventBytes(tenantId, eventId);
      },
      follow: (options, form) => {
        this.#mustBeOpen();
        const query = queryOf(options, this.watermark);
        const read = this.#sharedReads.readerOf(query, form);
        return this.#follow({ query, read, signal: options.signal });
      },
      stats: async (tenantId) => {
        this.#mustBeOpen();
        return readStatsDocument(this.#native, this.#prover, tenantId);
      },
      state: (entityId, options) => this.#stateBytes(entityId, options, 0),
    };
  }
}

function onlyResult([result]: readonly AppendResult[]): AppendResult {
  if (result) return result;
  throw new AllSourceError('internal_error', 'the engine gave no outcome for the event');
}

/** What a read takes from the engine at a time, where `left` events are still wanted. */
function boundsOf(left: number): ReadBounds {
  return { ...chunkBounds, events: Math.min(chunkBounds.events, left) };
}

function queryAt(tenantId: string, position: number): ReturnType<typeof toEngineQuery> {
  const query = toEngineQuery({ tenantId, fromPosition: position });
  query.lastPosition = position;
  return query;
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

function asOfText(micros: number, style: number): string {
  if (Number.isNaN(micros)) return 'null';
  return style === readFlag.apiStyle ? String(micros) : `"${formatTimestamp(micros)}"`;
}

function closedError(): AllSourceError {
  return new AllSourceError('store_closed', 'the store was closed; open it again to use it');
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : nativeError(0, String(error));
}

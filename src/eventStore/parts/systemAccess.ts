import { AllSourceError, systemTenant, toJsonText } from '../../domain/index.js';
import type { EventFilter, NewEvent, StoredEvent, SubscriptionFilter } from '../../domain/index.js';
import { calling, fieldNames, fromNative, inputFormat } from '../../engine/index.js';
import type { BatchInput } from '../append/batchJob.js';
import type { PayloadGate } from '../append/payloadGate.js';
import { arrayBytes } from './arrayBytes.js';
import type { BackgroundTurns } from './background.js';
import type { Follower } from '../read/follower.js';
import { nextColumns, rowsRangeOf, rowsRangeOfAll } from '../read/columns.js';
import type { ColumnRequest, ColumnsChunk, RowsRange } from '../read/columns.js';
import { cursorOf, pageLimit, toEngineQuery } from '../read/query.js';
import type { EngineQuery } from '../read/query.js';
import { chunkBounds, oneEvent } from '../read/reader.js';
import type { BytesChunk, BytesForm, Chunk, ObjectsChunk, ReadBounds } from '../read/reader.js';
import { toStateRequest, toUnmergedRequest } from '../read/stateRequest.js';
import type { StateAnswer, StateRequest } from '../read/stateRequest.js';
import { queryOf } from '../read/subscription.js';
import { readFirstPosition, readStats } from '../statistics.js';
import type { StoreCore } from '../storeCore.js';
import type {
  BatchResult,
  EntitySummary,
  EventPage,
  EventTypeSummary,
  ReadOptions,
  StateOptions,
  SubscribeOptions,
} from '../types.js';

export interface PositionRange {
  readonly first: number;
  readonly last: number;
}

export interface PartitionedEvent {
  readonly position: number;
  readonly partition: number;
}

/** Events of one entity of a tenant, also of one of the store's own. */
export interface EntityPlace {
  readonly tenantId: string;
  readonly entityId: string;
  readonly eventType?: string | undefined;
  readonly firstPosition?: number | undefined;
  readonly lastPosition?: number | undefined;
  /** NaN: it does not matter. */
  readonly untilMicros?: number | undefined;
}

/** Events that were asked for by position; where not all fit a chunk, the first ones. */
export interface EventsChunk extends Chunk {
  readonly events: readonly StoredEvent[];
}

/** What the parts of a store that keep their own state in its log have beyond its API. */
export class SystemAccess {
  readonly #core: StoreCore;

  constructor(core: StoreCore) {
    this.#core = core;
  }

  get watermark(): number {
    return this.#core.watermark;
  }

  /** Whether the store closes: nothing is read any more, and parts write what they have. */
  get isClosed(): boolean {
    return this.#core.isClosed;
  }

  /** Throws `store_closed`. */
  mustBeOpen(): void {
    this.#core.mustBeOpen();
  }

  /** First position of the log: what lies before it was dropped. */
  get logBegin(): number {
    return readFirstPosition(this.#core.native);
  }

  /** Events that a tenant has ever had, those that were dropped among them. */
  eventCountOf(tenantId: string): number {
    return readStats(this.#core.native, tenantId).totalEvents;
  }

  /** Throws where the store takes no appends: `storage_unavailable`. */
  mustTakeAppends(): void {
    const failure = this.#core.native.failure();
    if (failure !== null) throw fromNative(failure);
  }

  /**
   * One atomic append, whose events may be of the store's own tenants. Payloads are not checked: what
   * the store derives or copies was taken in once, and a refusal would stop a part that runs by itself.
   */
  append(events: readonly NewEvent[]): Promise<BatchResult> {
    const bytes = Buffer.from(toJsonText(events, 'events'));
    return this.#append(bytes, { full: true, isExempt: true });
  }

  /** The same where events are what a caller wants to append: their payloads are checked. */
  appendChecked(events: readonly NewEvent[]): Promise<BatchResult> {
    const bytes = Buffer.from(toJsonText(events, 'events'));
    return this.#append(bytes, { full: true, isExempt: false });
  }

  /** The same for events as JSON texts in the names of the API; the result of each where it is wanted. */
  appendTexts(
    texts: readonly string[],
    { withResults = false }: { readonly withResults?: boolean } = {},
  ): Promise<BatchResult> {
    return this.#append(arrayBytes(texts), { full: withResults, isExempt: true });
  }

  /** Sets who checks payloads, before the first append that is to be checked. */
  setPayloadGate(gate: PayloadGate): void {
    this.#core.appends.gate = gate;
  }

  /**
   * Sets what the gate is asked about, from the next append on: events of a tenant of this type, or
   * whose type begins with the prefix before `*` in a subject that ends in `.*`. The type's own
   * subject comes before a prefix, a longer prefix before a shorter one. The gate gets `number`, from
   * 1 to 2^32 - 1, of the subject; undefined takes it away.
   */
  setSubject(tenantId: string, subject: string, number: number | undefined): void {
    if (tenantId.startsWith('$')) {
      throw new AllSourceError('internal_error', 'events of the store itself are not checked');
    }
    calling(() => this.#core.native.setSubject(tenantId, subject, number ?? 0));
  }

  /** The same for lines of such texts, without the results. */
  appendLines(bytes: Buffer): Promise<BatchResult> {
    const { ndjson: format } = inputFormat;
    const wanted = { full: false, isExempt: true };
    return this.#core.appendSystem({ bytes, format, ...systemNames, ...wanted });
  }

  /** Whether the time is a clock's that tests turn on: timers know nothing of it. */
  get isTimeSet(): boolean {
    return this.#core.time !== undefined;
  }

  /** Milliseconds from whenever on: of the clock that was given, else of the process. */
  nowMs(): number {
    const { time } = this.#core;
    return time === undefined ? performance.now() : time.micros() / 1000;
  }

  /** Turns for what is done in the background. */
  get background(): BackgroundTurns {
    return this.#core.background;
  }

  /** Positions of durable events with which an entity reached a multiple of the threshold. */
  takeMilestones(): readonly number[] {
    return [...this.#core.native.milestones()];
  }

  /** Sets who is told when the watermark may have moved. */
  onMoved(listener: () => void): void {
    this.#core.onMoved = listener;
  }

  /** Sets who is told of states that were made of all their events, or of those behind a snapshot. */
  onStateRead(listener: NonNullable<StoreCore['onStateRead']>): void {
    this.#core.onStateRead = listener;
  }

  /** A merged state alone; undefined where the entity has no events up to then. */
  mergedState(entityId: string, options: StateOptions): Promise<StateAnswer | undefined> {
    return this.#core.state(toStateRequest(entityId, options, 'merged'));
  }

  /** The document of a state that is made elsewhere, with null in its place. */
  unmergedDocument(
    entityId: string,
    options: StateOptions,
    { form, snapshotType }: Pick<StateRequest, 'form' | 'snapshotType'>,
  ): Promise<StateAnswer | undefined> {
    return this.#core.state(toUnmergedRequest(entityId, options, { form, snapshotType }));
  }

  /** 0 where the entity has no such version. */
  positionOfVersion(tenantId: string, entityId: string, version: number): number {
    return this.#core.reader.positionOfVersion(tenantId, entityId, version);
  }

  /** The newest event of a place; undefined where there is none, or it was dropped. */
  async newest(place: EntityPlace): Promise<StoredEvent | undefined> {
    const query = { ...placeQuery(place), order: 'desc' as const };
    try {
      return (await this.#core.reader.objects(query, oneEvent)).events[0];
    } catch (error) {
      if (error instanceof AllSourceError && error.code === 'events_dropped') return undefined;
      throw error;
    }
  }

  /** The time of an event; 0 where it was dropped. */
  async timestampAt(position: number): Promise<number> {
    try {
      const { events } = await this.eventsAt([position]);
      return events[0]?.timestamp ?? 0;
    } catch (error) {
      if (error instanceof AllSourceError && error.code === 'events_dropped') return 0;
      throw error;
    }
  }

  /** All events of a place in order, in chunks. */
  async *eventsOf(place: EntityPlace): AsyncGenerator<readonly StoredEvent[]> {
    const query = placeQuery(place);
    for (;;) {
      const chunk = await this.#core.reader.objects(query, chunkBounds);
      yield chunk.events;
      if (chunk.nextPosition === 0) return;
      query.firstPosition = chunk.nextPosition;
    }
  }

  /** A page of what a tenant of the store's own has, newest first; without what was dropped. */
  async newestPage(
    tenantId: string,
    options: Pick<ReadOptions, 'entityId' | 'limit' | 'cursor'>,
  ): Promise<EventPage> {
    const { entityId, limit, cursor } = options;
    const query = { ...toEngineQuery({ entityId, order: 'desc', cursor }), tenantId };
    query.firstPosition = this.logBegin;
    const bounds = { ...chunkBounds, events: pageLimit(limit) };
    const { events, nextPosition } = await this.#core.reader.objects(query, bounds);
    // Cursors are checked before the tenant is set.
    return { events, nextCursor: cursorOf({ ...query, tenantId: 'default' }, nextPosition) };
  }

  /** Events of the tenant `$system` that are durable now, in order. */
  async *read(filter: SubscriptionFilter): AsyncGenerator<StoredEvent> {
    const query = systemQuery(filter);
    // What was dropped had been recorded again before.
    query.firstPosition = this.logBegin;
    query.lastPosition = this.watermark;
    for (;;) {
      const chunk = await this.#core.reader.objects(query, chunkBounds);
      yield* chunk.events;
      if (chunk.nextPosition === 0) return;
      query.firstPosition = chunk.nextPosition;
    }
  }

  /** The newest event of an entity of `$system`. */
  last(entityId: string): Promise<StoredEvent | undefined> {
    return this.newest({ tenantId: systemTenant, entityId });
  }

  /** The partitions of matching events, as they become durable. */
  followPartitions(options: SubscribeOptions): Follower<BytesChunk> {
    const query = queryOfAny(options, this.watermark);
    const read = this.#core.sharedReads.readerOf(query, 'partitions');
    return this.#core.follow({ query, read, signal: options.signal });
  }

  /** Matching events as they become durable; told of each range at once. */
  followBytes(
    options: SubscribeOptions,
    form: BytesForm,
    fields?: readonly string[],
  ): Follower<BytesChunk> {
    const query = { ...queryOf(options, this.watermark), fields };
    const read = (range: EngineQuery, bounds: ReadBounds): Promise<BytesChunk> =>
      this.#core.reader.chunk(range, bounds, form);
    return this.#core.follow({ query, read, signal: options.signal, checkpointMs: 0 });
  }

  /** Events of one entity, also of a tenant of the store's own, as they become durable. */
  followEntity(
    { tenantId, entityId }: EntityPlace,
    { from, signal }: Pick<SubscribeOptions, 'from' | 'signal'>,
  ): Follower<ObjectsChunk> {
    this.mustBeOpen();
    const query = { ...queryOf({ filter: { entityId }, from }, this.watermark), tenantId };
    const read = this.#core.reader.objects.bind(this.#core.reader);
    return this.#core.follow({ query, read, signal });
  }

  /** Matching events of a range, as many as fit a chunk; `events` of them at most. */
  bytesIn(
    filter: EventFilter,
    {
      first,
      last,
      events = chunkBounds.events,
    }: PositionRange & { readonly events?: number | undefined },
    form: BytesForm,
  ): Promise<BytesChunk> {
    const bounded = { ...toEngineQuery(filter), firstPosition: first, lastPosition: last };
    return this.#core.reader.chunk(bounded, { ...chunkBounds, events }, form);
  }

  /** What is durable now of matching events, for `nextColumns`. */
  rowsRange(filter: EventFilter, wanted: Pick<ReadOptions, 'order' | 'limit'>): RowsRange {
    this.#core.mustBeOpen();
    return rowsRangeOf(filter, wanted, this.watermark);
  }

  /** The same of all tenants but the store's own. */
  rowsOfAll({ first, last }: PositionRange): RowsRange {
    return rowsRangeOfAll(first, last);
  }

  /** The next columns of a range, which moves on; undefined where there are no more. */
  nextColumns(
    range: RowsRange,
    request: ColumnRequest,
    rowsMax: number,
  ): Promise<ColumnsChunk | undefined> {
    return nextColumns(this.#core, range, request, rowsMax);
  }

  /** How many events of a range match. */
  async countIn(filter: EventFilter, { first, last }: PositionRange): Promise<number> {
    const query = { ...toEngineQuery(filter), firstPosition: first, lastPosition: last };
    let count = 0;
    while (query.firstPosition <= last) {
      const chunk = await this.#core.reader.chunk(query, countBounds, 'partitions');
      count += chunk.count;
      if (chunk.nextPosition === 0) break;
      query.firstPosition = chunk.nextPosition;
    }
    return count;
  }

  /** Entities of a tenant, also of one of the store's own, in the order in which they first appeared. */
  namesOf(
    tenantId: string,
    page: { readonly prefix: string; readonly firstPosition: number; readonly limit: number },
  ): { readonly items: readonly EntitySummary[]; readonly nextPosition: number } {
    return this.#core.reader.entities({ tenantId, ...page });
  }

  /** Event types of a tenant, in the order in which they first appeared. */
  typesOf(
    tenantId: string,
    page: { readonly prefix: string; readonly firstPosition: number; readonly limit: number },
  ): { readonly items: readonly EventTypeSummary[]; readonly nextPosition: number } {
    return this.#core.reader.eventTypes({ tenantId, ...page });
  }

  /** Resolves once the watermark is at a position. */
  async reached(position: number, signal: AbortSignal | undefined): Promise<void> {
    await this.#core.reached(position, { signal });
  }

  /** The partitions of matching events of a range, as many as fit a chunk. */
  partitionsIn(options: SubscribeOptions, range: PositionRange): Promise<BytesChunk> {
    const bounds = { firstPosition: range.first, lastPosition: range.last };
    const query = { ...queryOfAny(options, 0), ...bounds };
    return this.#core.reader.chunk(query, chunkBounds, 'partitions');
  }

  /** The first position that a subscription wants now; throws `invalid_query`. */
  firstPosition(options: SubscribeOptions): number {
    return queryOfAny(options, this.watermark).firstPosition;
  }

  /** Position of the tenant's first event at or after a time; undefined where there is none. */
  async positionAt(tenantId: string, timestamp: number | string): Promise<number | undefined> {
    const query = queryOfAny({ tenantId, from: { timestamp } }, 0);
    const bounds = { ...chunkBounds, events: 1 };
    const { bytes } = await this.#core.reader.chunk(query, bounds, 'partitions');
    return partitionedEvents(bytes)[0]?.position;
  }

  /** Events by position, in rising order. */
  async eventsAt(positions: readonly number[]): Promise<EventsChunk> {
    if (positions.length === 0) return { events: [], ...nothing };
    return this.#core.reader.objects(positionsQuery(positions), chunkBounds);
  }

  /** The same as bytes. */
  async bytesAt(positions: readonly number[], form: BytesForm): Promise<BytesChunk> {
    if (positions.length === 0) return { bytes: Buffer.alloc(0), ...nothing };
    return this.#core.reader.chunk(positionsQuery(positions), chunkBounds, form);
  }

  #append(
    bytes: Buffer,
    wanted: Required<Pick<BatchInput, 'full' | 'isExempt'>>,
  ): Promise<BatchResult> {
    const { batch: format } = inputFormat;
    return this.#core.appendSystem({ bytes, format, ...systemNames, ...wanted });
  }
}

const systemNames = { names: fieldNames.system, tenantId: 'default' };

/** The tenant may be one of the store's own. */
function queryOfAny({ tenantId = 'default', ...options }: SubscribeOptions, watermark: number) {
  return { ...queryOf(options, watermark), tenantId };
}

function placeQuery(place: EntityPlace): EngineQuery {
  const { tenantId, entityId, eventType, firstPosition, lastPosition, untilMicros } = place;
  return {
    ...toEngineQuery({ entityId, eventType }),
    tenantId,
    firstPosition: firstPosition ?? NaN,
    lastPosition: lastPosition ?? NaN,
    untilMicros: untilMicros ?? NaN,
  };
}

/** Positions are small: many fit a chunk. */
const countBounds: ReadBounds = { events: 65_536, bytes: 1024 * 1024 };

const nothing: Chunk = { count: 0, nextPosition: 0 };

/** What the engine wrote in the form `partitions`. */
export function partitionedEvents(bytes: Buffer): PartitionedEvent[] {
  const events: PartitionedEvent[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    events.push({ position: bytes.readDoubleLE(at), partition: bytes.readDoubleLE(at + 8) });
  }
  return events;
}

function systemQuery(filter: SubscriptionFilter): EngineQuery {
  return { ...toEngineQuery(filter), tenantId: systemTenant };
}

function positionsQuery(positions: readonly number[]): EngineQuery {
  return { ...toEngineQuery({}), positions: Float64Array.from(positions) };
}

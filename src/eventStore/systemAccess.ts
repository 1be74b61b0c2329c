import { systemTenant, toJsonText } from '../domain/index.js';
import type { NewEvent, StoredEvent, SubscriptionFilter } from '../domain/index.js';
import { fieldNames, fromNative, inputFormat } from '../engine/index.js';
import type { Follower } from './read/follower.js';
import { toEngineQuery } from './read/query.js';
import type { EngineQuery } from './read/query.js';
import { chunkBounds } from './read/reader.js';
import type { BytesChunk, BytesForm, Chunk } from './read/reader.js';
import { queryOf } from './read/subscription.js';
import { readStats } from './statistics.js';
import type { StoreCore } from './storeCore.js';
import type { BatchResult, SubscribeOptions } from './types.js';

export interface PositionRange {
  readonly first: number;
  readonly last: number;
}

export interface PartitionedEvent {
  readonly position: number;
  readonly partition: number;
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

  /** First position of the log: what lies before it was dropped. */
  get logBegin(): number {
    return readStats(this.#core.native, undefined).firstPosition;
  }

  /** Throws where the store takes no appends: `storage_unavailable`. */
  mustTakeAppends(): void {
    const failure = this.#core.native.failure();
    if (failure !== null) throw fromNative(failure);
  }

  /** One atomic append, whose events may be of the tenant `$system`. */
  append(events: readonly NewEvent[]): Promise<BatchResult> {
    const bytes = Buffer.from(toJsonText(events, 'events'));
    const { batch: format } = inputFormat;
    const names = fieldNames.system;
    return this.#core.appendSystem({ bytes, format, names, tenantId: 'default', full: true });
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
  async last(entityId: string): Promise<StoredEvent | undefined> {
    const firstPosition = this.logBegin;
    const query = { ...systemQuery({ entityId }), order: 'desc' as const, firstPosition };
    const { events } = await this.#core.reader.objects(query, { ...chunkBounds, events: 1 });
    return events[0];
  }

  /** The partitions of matching events, as they become durable. */
  followPartitions(options: SubscribeOptions): Follower<BytesChunk> {
    const query = queryOf(options, this.watermark);
    const read = this.#core.sharedReads.readerOf(query, 'partitions');
    return this.#core.follow({ query, read, signal: options.signal });
  }

  /** The partitions of matching events of a range, as many as fit a chunk. */
  partitionsIn(options: SubscribeOptions, range: PositionRange): Promise<BytesChunk> {
    const query = { ...queryOf(options, 0), firstPosition: range.first, lastPosition: range.last };
    return this.#core.reader.chunk(query, chunkBounds, 'partitions');
  }

  /** The first position that a subscription wants now; throws `invalid_query`. */
  firstPosition(options: SubscribeOptions): number {
    return queryOf(options, this.watermark).firstPosition;
  }

  /** Position of the tenant's first event at or after a time; undefined where there is none. */
  async positionAt(tenantId: string, timestamp: number | string): Promise<number | undefined> {
    const query = queryOf({ tenantId, from: { timestamp } }, 0);
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
}

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

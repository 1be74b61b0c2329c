import type { compactionStrategies } from '../domain/index.js';
import type {
  AnyEvent,
  AppendCondition,
  EventFilter,
  EventShape,
  ExpectedVersion,
  JsonObject,
  JsonValue,
  NewEvent,
  Order,
  Reducer,
  StoredEvent,
  SubscriptionFilter,
} from '../domain/index.js';
import type { ConsistencyProof, EventProof, TreeHead } from '../proof/index.js';
import type { Upcaster } from '../schemas/index.js';
import type { ProofOptions } from './integrity/proofs.js';
import type { Deliveries } from './read/follower.js';
import type { BytesChunk, EventsForm } from './read/reader.js';

/**
 * When an append is acknowledged. `sync`: after `fdatasync`. `async`: after the write, synced at most
 * 50 ms later; a power cut can take what came after the last sync. `memory`: there is no file.
 */
export type Durability = 'sync' | 'async' | 'memory';

/** Where a store has its time from. */
export interface Clock {
  /** Microseconds since 1970, a whole number. */
  now(): number;
}

export interface OpenOptions {
  /** Directory of the store; made if missing. Exactly one of `dataDir` and `memory` is given. */
  readonly dataDir?: string | undefined;
  /** The same engine without files; everything is gone with `close`. */
  readonly memory?: boolean | undefined;
  /**
   * Of a memory store, for tests: events get the time that it tells when they are written; one that goes
   * back is taken for one that stands still. Default the clock of the system.
   */
  readonly clock?: Clock | undefined;
  /** Default `sync`. */
  readonly durability?: 'sync' | 'async' | undefined;
  /** Opens beside a writer: no lock, no write; sees what was durable at the time of opening. */
  readonly readOnly?: boolean | undefined;
  /** Size of a full log segment in bytes; default 64 MiB. The first segments are smaller. */
  readonly segmentBytesMax?: number | undefined;
  /** Bytes that may wait for the disk before appends wait; default 64 MiB. */
  readonly queueBytesMax?: number | undefined;
  /** Bytes of index files and sealed segments that may be in memory; default 128 MiB. */
  readonly cacheBytesMax?: number | undefined;
  /** How the state of entities of a type comes from their events; merged where there is none. */
  readonly reducers?: readonly Reducer[] | undefined;
  /** How payloads of older versions of a schema become those of newer ones, where reads ask for it. */
  readonly upcasters?: readonly Upcaster[] | undefined;
  /** When snapshots of entities are made without being asked for. */
  readonly snapshots?: SnapshotPolicy | undefined;
  /** Where backups are, and when they are made without being asked for. */
  readonly backups?: BackupPolicy | undefined;
  /** When retention policies are applied without being asked for. */
  readonly retention?: RetentionSchedule | undefined;
  /** When sealed segments are written as Parquet files without being asked for, and which are merged. */
  readonly parquet?: ParquetPolicy | undefined;
  /** What `sql` may take: memory, threads, time. */
  readonly sql?: SqlPolicy | undefined;
  /**
   * Lets `enrich` of pipelines ask loopback, link-local and private addresses; default false. Who may make
   * pipelines then reads what this machine can reach.
   */
  readonly allowPrivateLookups?: boolean | undefined;
  /** Characters that a new password of a user has at least, 8-128; default 12. */
  readonly passwordCharactersMin?: number | undefined;
}

export interface SnapshotPolicy {
  /** Default true. Snapshots are used whether new ones are made by themselves or not. */
  readonly automatic?: boolean | undefined;
  /** Events of an entity between two automatic snapshots; default 100, 2-1 000 000. */
  readonly eventThreshold?: number | undefined;
  /**
   * An entity that has a snapshot older than this, and newer events, gets another one; default 3 600
   * seconds. Of the 10 000 entities that had their last snapshot latest.
   */
  readonly timeThresholdSeconds?: number | undefined;
  /** Snapshots of an entity that are listed, the newest ones; default 10. */
  readonly perEntityMax?: number | undefined;
}

export interface SqlPolicy {
  /**
   * Memory of all queries together, and of the events that are not in Parquet files yet; default 1 024
   * MiB, 64-1 048 576. It is taken with the first query.
   */
  readonly memoryMb?: number | undefined;
  /** Threads that work on queries; default 2, 1-64. */
  readonly threads?: number | undefined;
  /** Milliseconds that a query has where it does not say, and the most it can say; default 30 000, 100-3 600 000. */
  readonly timeoutMs?: number | undefined;
}

export interface BackupPolicy {
  /** Default `backups` in the directory of the store. */
  readonly directory?: string | undefined;
  /** Age of the newest backup at which the next one is made; default 0: only when asked for. */
  readonly everyHours?: number | undefined;
  /** Of those, each so many is a full one, and the others are incremental; default 7. */
  readonly fullEvery?: number | undefined;
  /** Backups that stay when one was made by itself, the newest ones; default 0: all. */
  readonly keep?: number | undefined;
}

/**
 * Which Parquet files are merged. `sizebased`: small ones that lie side by side, into files of the target
 * size. `timebased`: those of the same day (UTC), once it is over. `fullcompaction`: all, into files of
 * the largest size.
 */
export type CompactionStrategy = (typeof compactionStrategies)[number];

export interface ParquetPolicy {
  /** Whether files are written and merged without being asked for; default false, `allsource serve`: true. */
  readonly automatic?: boolean | undefined;
  /** Default `sizebased`. */
  readonly strategy?: CompactionStrategy | undefined;
  /** Files that lie side by side and are merged, at least; default 3. */
  readonly minFiles?: number | undefined;
  /** What small files are merged to, in bytes; default 128 MiB. */
  readonly targetFileBytes?: number | undefined;
  /** Bytes that no merged file goes beyond; default 256 MiB. */
  readonly maxFileBytes?: number | undefined;
  /** A file below is small, in bytes; default 10 MiB. */
  readonly smallFileBytes?: number | undefined;
  /** Between two merges, in seconds; default 3 600. */
  readonly intervalSeconds?: number | undefined;
}

export interface RetentionSchedule {
  /** Default true; where there are no policies, nothing is done. */
  readonly automatic?: boolean | undefined;
  /** Default 3 600 seconds. */
  readonly intervalSeconds?: number | undefined;
}

export interface AppendResult {
  readonly eventId: string;
  readonly version: number;
  readonly position: number;
  /** Microseconds since 1970. */
  readonly timestamp: number;
  /** True where the event id was known with the same content, and nothing was written. */
  readonly deduplicated: boolean;
}

export interface BatchOptions extends AppendCondition {
  /** Tenant of events that name none; default `default`. */
  readonly tenantId?: string | undefined;
  /** Expected versions by entity id, checked before anything is written. */
  readonly conditions?: Readonly<Record<string, ExpectedVersion>> | undefined;
  /** `summary` leaves `results` empty; default `full`. */
  readonly return?: 'full' | 'summary' | undefined;
}

export interface BatchResult {
  /** Events written now; deduplicated ones are not counted. */
  readonly ingested: number;
  /** Positions of the first and last event written; 0 where none was. */
  readonly firstPosition: number;
  readonly lastPosition: number;
  readonly results: readonly AppendResult[];
}

export interface ReadOptions extends EventFilter {
  /** Default `asc`. */
  readonly order?: Order | undefined;
  /** Events at most; for pages 1-10 000, default 100; for `read` and `readNdjson` default all. */
  readonly limit?: number | undefined;
  /** `nextCursor` of an earlier page of the same query. */
  readonly cursor?: string | undefined;
  /**
   * `latest`: payloads of older versions of their schema are made those of the newest by upcasters; rejects
   * with `unprocessable` where one is missing or fails. What is stored stays as it is.
   */
  readonly upcast?: 'latest' | undefined;
}

/** How one event is read. */
export interface EventOptions extends Pick<ReadOptions, 'upcast'> {
  readonly tenantId?: string | undefined;
}

export interface EventPage<E extends EventShape = AnyEvent> {
  readonly events: StoredEvent<E>[];
  /** Where the next page begins; null where this one is the last. */
  readonly nextCursor: string | null;
}

export interface BytesPage {
  /**
   * `{"events":[…],"count":n,"next_cursor":…}` in the wire names; payloads are the bytes that were
   * appended. The caller owns the buffer.
   */
  readonly bytes: Uint8Array;
  readonly count: number;
  readonly nextCursor: string | null;
}

export interface StateOptions {
  readonly tenantId?: string | undefined;
  /** The entity as it was at this time: microseconds, or RFC 3339 text. */
  readonly asOf?: number | string | undefined;
  /** The entity as it was at this version, from 1; not together with `asOf`. */
  readonly version?: number | undefined;
  /**
   * `shallow`, the default: key by key. `deep`: by RFC 7396, objects in objects are merged too, and null
   * removes a key. Entities of a type that has a reducer take no `merge`.
   */
  readonly merge?: 'shallow' | 'deep' | undefined;
  /** Newest events to list in `history`; default 100, 0-10 000. */
  readonly historyLimit?: number | undefined;
}

export interface EntityState {
  readonly entityId: string;
  readonly lastUpdated: number;
  /** All events up to `asOf`, whatever the history limit. */
  readonly eventCount: number;
  readonly asOf: number | null;
  readonly version: number;
  /** Payload objects merged in version order, or what the reducer of the entity's type made. */
  readonly currentState: JsonObject;
  readonly history: readonly {
    readonly eventId: string;
    readonly type: string;
    readonly timestamp: number;
    readonly version: number;
    readonly payload: JsonValue;
  }[];
}

export interface ReducedStateOptions {
  readonly tenantId?: string | undefined;
  /** The entity as it was at this time: microseconds, or RFC 3339 text. */
  readonly asOf?: number | string | undefined;
  /** The entity as it was at this version, from 1; not together with `asOf`. */
  readonly version?: number | undefined;
}

/** A state that a reducer made. */
export interface ReducedState<S> {
  readonly entityId: string;
  readonly state: S;
  /** Of the last event that counts; the next append may expect it. */
  readonly version: number;
  /** Its time, in microseconds. */
  readonly lastUpdated: number;
}

export interface ListOptions {
  readonly tenantId?: string | undefined;
  readonly prefix?: string | undefined;
  /** Default 100, at most 10 000. */
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** Entities and event types are listed in the order in which they first appeared. */
export interface EntitySummary {
  readonly entityId: string;
  readonly eventCount: number;
  readonly currentVersion: number;
  readonly firstTimestamp: number;
  readonly lastTimestamp: number;
}

export interface EventTypeSummary {
  readonly eventType: string;
  readonly eventCount: number;
  readonly firstTimestamp: number;
  readonly lastTimestamp: number;
}

export interface StoreStats {
  readonly totalEvents: number;
  readonly totalEntities: number;
  readonly totalEventTypes: number;
  /** Events appended since this process opened the store. */
  readonly totalIngested: number;
  /** Highest durable position; 0 = empty. */
  readonly watermark: number;
  /** Bytes of all files of the store. */
  readonly storageBytes: number;
  readonly segments: number;
  /** First position of the log: 1, unless segments were dropped from its front. */
  readonly firstPosition: number;
}

/** What `dropBefore` did. */
export interface DropReport {
  /** First position of the log now. */
  readonly firstPosition: number;
  /** Segments that were dropped, and their bytes. */
  readonly segments: number;
  readonly bytes: number;
}

/** Counters of the running engine, for `/metrics`. */
export interface EngineCounters {
  readonly watermark: number;
  readonly queuedBytes: number;
  readonly commits: number;
  readonly committedEvents: number;
  readonly committedBytes: number;
  readonly syncs: number;
  readonly syncMicros: number;
  readonly lastSyncMicros: number;
  /** Memory of the index: of the events that no index file has yet. */
  readonly indexBytes: number;
  readonly indexFiles: number;
  /** Segments whose index is in a file. */
  readonly indexedSegments: number;
  /** Index files that could not be written since opening; each is tried again. */
  readonly indexFailures: number;
  /** Bytes of index files and sealed segments that are in memory. */
  readonly cacheBytes: number;
  /** Blocks of them, 4 KiB each, that were read into memory since opening. */
  readonly cacheLoads: number;
  /** Pieces of 512 bytes that made room for others. */
  readonly cacheEvictions: number;
}

export interface SubscribeOptions {
  /** Default `default`. */
  readonly tenantId?: string | undefined;
  /** Which events; all of the tenant where it is left out. */
  readonly filter?: SubscriptionFilter | undefined;
  /**
   * Where to begin: `beginning`, `now` (the default; only what becomes durable after this call), the
   * first position wanted, or a time, microseconds or RFC 3339 text.
   */
  readonly from?:
    'beginning' | 'now' | number | { readonly timestamp: number | string } | undefined;
  /** As that of a read; it ends with `unprocessable` where an upcaster is missing or fails. */
  readonly upcast?: ReadOptions['upcast'];
  /** Ends the subscription without an error. */
  readonly signal?: AbortSignal | undefined;
}

export interface EventBatch<E extends EventShape = AnyEvent> {
  /** Matching events in the order of the log; none where a mark or a checkpoint is all there is. */
  readonly events: StoredEvent<E>[];
  /**
   * The checkpoint: every matching event up to this position has been delivered, those of this batch
   * included. A subscription that goes on later begins at `position + 1`.
   */
  readonly position: number;
  /**
   * `caughtUp`: with this batch the subscription is live. `fellBehind`: it was, and has not been at
   * the end of the log for a second; it reads on from the log, and nothing is lost.
   */
  readonly mark: 'caughtUp' | 'fellBehind' | null;
}

/**
 * Batches made when they are asked for, of at most 256 events in this process: a slow reader costs the
 * memory of one batch, over a network of a few megabytes, whatever it missed. Each is for one reader.
 */
export interface Subscription<E extends EventShape = AnyEvent> extends AsyncIterable<
  EventBatch<E>
> {
  /** The same, event by event. */
  events(): AsyncIterable<StoredEvent<E>>;
}

export interface IngestProgress {
  readonly events: number;
  readonly bytes: number;
}

export interface IngestOptions {
  readonly tenantId?: string | undefined;
  /** Lines of one atomic append; default 1 000. */
  readonly batchEvents?: number | undefined;
  /** Batches that wait for the disk at a time; default 4. */
  readonly inFlight?: number | undefined;
  /** Called after each acknowledged batch, in order of the input. */
  readonly onProgress?: ((progress: IngestProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface VerifyProgress {
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

export interface VerifyOptions {
  /**
   * Only files with events from this position on, 1 to the watermark; default 1, the whole log. What
   * lies before it in the same file is checked too; versions of entities are compared from there on.
   */
  readonly sincePosition?: number | undefined;
  /** Called every 100 ms, and at the end. */
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
  /** Ends the check soon; the promise rejects with `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

export interface VerifyFileReport {
  readonly file: string;
  /** The log is in segments; index files hold nothing that these do not hold. */
  readonly kind: 'segment' | 'index';
  readonly bytes: number;
  /** Events that were checked; of an index file, those that it covers. */
  readonly events: number;
  readonly ok: boolean;
  /** Byte offset of the first damage, and what it is; null where there is none. */
  readonly damage: { readonly offset: number; readonly reason: string } | null;
}

export interface VerifyReport {
  /** The log is not damaged. Index files, which the store makes anew, may be: see `files`. */
  readonly ok: boolean;
  /** Events that were checked. */
  readonly events: number;
  /** Of all files together. */
  readonly bytes: number;
  /** Segments in the order of the log, then index files. */
  readonly files: readonly VerifyFileReport[];
}

/** Damage met while opening; the store then serves what lies before it, and takes no appends. */
export interface StoreDamage {
  readonly file: string;
  readonly offset: number;
  readonly reason: string;
}

/** Appends and reads, in this process or over the network. */
export interface EventLog<E extends EventShape = AnyEvent> extends AsyncDisposable {
  /**
   * Appends one event; resolves when it is durable. With a condition, rejects with
   * `append_condition_failed` where events match that must not be there.
   */
  append(event: NewEvent<E>, condition?: AppendCondition): Promise<AppendResult>;
  /**
   * Appends all events as one: either all become durable and visible together or none does. Bytes
   * are NDJSON, one event a line in the wire names, or a JSON array of events; they are never turned
   * into objects.
   */
  appendBatch(
    events: readonly NewEvent<E>[] | Uint8Array | AsyncIterable<Uint8Array>,
    options?: BatchOptions,
  ): Promise<BatchResult>;
  /** Appends NDJSON of any length in batches; each batch is atomic, a bad line stops with its number. */
  ingest(source: AsyncIterable<Uint8Array>, options?: IngestOptions): Promise<IngestProgress>;

  /** Events up to the watermark at the time of the call, read page by page. */
  read(options?: ReadOptions): AsyncIterable<StoredEvent<E>>;
  readPage(options?: ReadOptions): Promise<EventPage<E>>;
  /** A page as a JSON document straight from the engine. */
  readBytes(options?: ReadOptions): Promise<BytesPage>;
  /** All matching events as NDJSON in the wire names; of an embedded store in chunks of whole lines. */
  readNdjson(options?: ReadOptions): AsyncIterable<Uint8Array>;
  /** Undefined where no event of the tenant has this id. */
  getEvent(eventId: string, options?: EventOptions): Promise<StoredEvent<E> | undefined>;
  /** The same as JSON in the wire names, straight from the engine. */
  getEventBytes(eventId: string, options?: EventOptions): Promise<Uint8Array | undefined>;
  /**
   * Rejects with `entity_not_found` where the entity has no events up to `asOf`, or no such version.
   * Snapshots make it faster and change nothing of the answer.
   */
  state(entityId: string, options?: StateOptions): Promise<EntityState>;
  entities(
    options?: ListOptions,
  ): Promise<{ entities: EntitySummary[]; nextCursor: string | null }>;
  eventTypes(
    options?: ListOptions,
  ): Promise<{ eventTypes: EventTypeSummary[]; nextCursor: string | null }>;
  /** Of one tenant, or of the whole store where none is given. */
  stats(options?: { tenantId?: string | undefined }): Promise<StoreStats>;

  /** Catch-up, then live: every matching event once, in order. Ends when the store is closed. */
  subscribe(options?: SubscribeOptions): Subscription<E>;

  /**
   * The Merkle tree (RFC 6962) over the log up to the watermark, or over its first `treeSize` events.
   * After opening, the first call reads the hashes in all index files, later ones what was added.
   */
  treeHead(options?: { treeSize?: number | undefined }): Promise<TreeHead>;
  /** Proves that an event is in the log: for `verifyEvent` of `allsource-core/proof`. */
  proveEvent(position: number, options?: ProofOptions): Promise<EventProof>;
  /** Proves that the log was only added to since it had `firstSize` events. */
  proveConsistency(
    firstSize: number,
    options?: { secondSize?: number | undefined },
  ): Promise<ConsistencyProof>;

  /** Finishes the appends under way and frees everything. A second call does nothing. */
  close(): Promise<void>;
}

/** The log in this process, without the parts that keep their own state in it. */
export interface CoreStore<E extends EventShape = AnyEvent> extends EventLog<E> {
  readonly durability: Durability;
  /** True where appends are refused: opened read-only, damaged, or after a failed disk. */
  readonly readOnly: boolean;
  readonly damage: StoreDamage | null;
  /** Null: the store is in memory. */
  readonly dataDir: string | null;
  /** Highest durable position; 0 = empty. */
  readonly watermark: number;
  counters(): EngineCounters;
  /** Resolves once the watermark is at least `position`; rejects on abort or close. */
  waitForWatermark(position: number, signal?: AbortSignal): Promise<void>;

  /**
   * Drops segments from the front of the log whose events all lie before a position; which ones can
   * be dropped depends on where segments end, so fewer events may go than could; and what projections,
   * replays and pipelines that run have not read yet stays. Reads that ask for
   * one of these events fail with `events_dropped` from then on. Versions go on, known event ids
   * stay known (appending one again fails with `events_dropped`), the Merkle tree keeps its hashes.
   * There is no way back. Errors: `invalid_query`, `storage_unavailable`, `storage_full`,
   * `storage_damaged`, `store_closed`.
   */
  dropBefore(position: number): Promise<DropReport>;

  /**
   * Reads the whole log, or the files from a position on, and checks every checksum, hash, version
   * and position, and the checksums of the index files. Several threads share the files, as many as
   * there are cores, at most 8. Needs 20 to 50 bytes of memory for each entity of the log. Appends
   * and reads go on; what was appended after the call is not looked at.
   */
  verify(options?: VerifyOptions): Promise<VerifyReport>;

  /** Bytes of the embedded store are Buffers. */
  readBytes(options?: ReadOptions): Promise<BytesPage & { readonly bytes: Buffer }>;
  readNdjson(options?: ReadOptions): AsyncIterable<Buffer>;
  getEventBytes(eventId: string, options?: EventOptions): Promise<Buffer | undefined>;

  /**
   * The same calls as bytes in the wire names, for servers. Not part of the stable API.
   * @internal
   */
  readonly wire: WireAccess;
}

/** @internal `StoreStats` in the wire names. */
export interface StatsDocument {
  readonly total_events: number;
  readonly total_entities: number;
  readonly total_event_types: number;
  readonly total_ingested: number;
  readonly watermark: number;
  readonly storage_bytes: number;
  readonly segments: number;
  readonly first_position: number;
  readonly tree_size: number | null;
  readonly root_hash: string | null;
}

/** @internal Whose events are appended. */
export interface AppendTenant {
  /** The caller's tenant: of events that name none. */
  readonly tenantId: string;
  /** True where an event that names another one is refused: `forbidden`. */
  readonly isOnlyTenant: boolean;
}

/** @internal What the server's hot routes call: bytes in, bytes out, no event becomes an object. */
export interface WireAccess {
  /** Body of `POST /api/v1/events`: one event as a JSON object. */
  append(body: Uint8Array, tenant: AppendTenant): Promise<AppendResult>;
  /**
   * Body of `POST /api/v1/events/batch`. `json`: an array of events, or an object with `events`,
   * `atomic` and `conditions`; `ndjson`: one event a line.
   */
  appendBatch(
    body: Uint8Array,
    options: AppendTenant & { format: 'json' | 'ndjson'; return: 'full' | 'summary' },
  ): Promise<BatchResult>;
  /** The event as a JSON document, or undefined. */
  getEvent(eventId: string, tenantId: string): Buffer | undefined;
  /** The answer of `GET /api/v1/stats`: of one tenant, or of the whole store. */
  stats(tenantId: string | undefined): Promise<StatsDocument>;
  /** A subscription as bytes in the wire names, pulled delivery by delivery. */
  follow(options: SubscribeOptions, form: EventsForm): Deliveries<BytesChunk>;
  /** The state document of `GET /api/v1/entities/:entity_id/state`, or undefined. */
  state(entityId: string, options: StateOptions): Promise<Buffer | undefined>;
}

/**
 * The native addon as TypeScript sees it: numbers, bytes and offsets across the boundary, never an
 * object an event. native/addon implements it; the numbers here stand there again.
 */

/** Codes of native/base/status.h, by number. */
export const nativeCodes = [
  'ok',
  'invalid_json',
  'validation_error',
  'payload_too_large',
  'version_conflict',
  'event_id_conflict',
  'storage_full',
  'storage_unavailable',
  'append_outcome_unknown',
  'storage_damaged',
  'storage_unavailable',
  'store_locked',
  'store_closed',
  'invalid_configuration',
  'invalid_configuration',
  'busy',
  'events_dropped',
  'append_condition_failed',
  'forbidden',
] as const;

/** What was asked for is not there; what that means to the caller depends on the call. */
export const nativeNotFound = 14;
export const nativeBusy = 15;

export const inputFormat = { event: 0, batch: 1, ndjson: 2 } as const;
/** `system`: camelCase, and the tenant may be `$system`. */
export const fieldNames = { snake: 0, camel: 1, system: 2 } as const;
export const durabilityNumber = { sync: 0, async: 1, memory: 2 } as const;
export const listKind = { entities: 0, eventTypes: 1 } as const;
export const proofKind = { root: 0, inclusion: 1, consistency: 2 } as const;
/**
 * `partitions`: two doubles for each event, position and partition, in the place of its text.
 * `mergedOnly`: of a state, the merged object alone. `heads`: in the names of the API, without
 * payload and metadata. `everyTenant`: of a range of positions, of all tenants but the store's own.
 */
export const readFlag = {
  descending: 1,
  apiStyle: 2,
  lines: 4,
  partitions: 8,
  mergedOnly: 16,
  heads: 32,
  rows: 64,
  columnRows: 128,
  everyTenant: 256,
} as const;
/** Columns of `columns`, in the order in which they come; native/columnar/columns.h says what each is. */
export const columnBit = {
  position: 1,
  timestamp: 2,
  version: 4,
  event_id: 8,
  tenant_id: 16,
  entity_id: 32,
  event_type: 64,
  schema_version: 128,
  tags: 256,
  metadata: 512,
  payload: 1024,
} as const;
export const fieldTypeNumber = { float64: 0, int64: 1, bool: 2, utf8: 3, json: 4 } as const;
/** How payloads are merged into a state: key by key, by RFC 7396, or not, which leaves null for it. */
export const mergeKind = { shallow: 0, deep: 1, none: 2 } as const;

/** Layout of the numbers that `commit` writes: these, then `outcomeNumber.count` for each outcome. */
export const commitNumber = {
  status: 0,
  outcomes: 1,
  refusals: 2,
  ingested: 3,
  firstPosition: 4,
  lastPosition: 5,
  durableAt: 6,
  count: 7,
} as const;
export const outcomeNumber = {
  code: 0,
  deduplicated: 1,
  position: 2,
  version: 3,
  timestamp: 4,
  count: 5,
} as const;

/** Layout of the numbers that `enforcedPayloads` writes: how many, then these for each event. */
export const enforcedNumber = { event: 0, subject: 1, count: 2 } as const;

/**
 * Layout of the numbers that a read writes. Of a state `count` is the version, `nextPosition` the
 * position of the last event, `timestamp` its time, and `folded` how many events were merged.
 */
export const answerNumber = {
  count: 0,
  nextPosition: 1,
  useAsync: 2,
  isAscii: 3,
  timestamp: 4,
  folded: 5,
  numbers: 6,
} as const;

export const uuidTextBytes = 36;

export interface NativeRefusal {
  /** Number of the event in the input, from 0. */
  readonly event: number;
  readonly nativeCode: number;
  readonly message: string;
  readonly field?: string;
  readonly entityId?: string;
  readonly expectedKind?: 'exists' | 'version';
  readonly expectedVersion?: number;
  readonly currentVersion?: number;
  readonly eventId?: string;
  /** Of a failed condition: the first events that match; all up to `matchedTo` are among them. */
  readonly matches?: readonly number[];
  readonly matchedTo?: number;
}

export interface NativeOpenOptions {
  readonly directory: string;
  readonly memory: boolean;
  readonly readOnly: boolean;
  readonly durability: number;
  readonly segmentBytesMax: number;
  readonly queueBytesMax: number;
  readonly cacheBytesMax: number;
  /** Versions at whose multiples an event is a milestone; 0 = none is. */
  readonly milestoneEvery: number;
  /** Of a memory store whose time is set: the time until it is set again. */
  readonly nowMicros?: number;
}

export interface NativeVerifyReport {
  readonly events: number;
  readonly bytes: number;
  /** Segments in the order of the log, then index files. */
  readonly files: readonly {
    readonly file: string;
    readonly kind: 'segment' | 'index';
    readonly bytes: number;
    readonly events: number;
    readonly damage: { readonly offset: number; readonly reason: string } | null;
  }[];
}

export type QueryArguments = [
  tenant: string,
  entity: string | undefined,
  type: string | undefined,
  typePrefix: string | undefined,
  firstPosition: number,
  lastPosition: number,
  sinceMicros: number,
  untilMicros: number,
  flags: number,
  limit: number,
  bytesMax: number,
  tags: readonly string[] | undefined,
  /** Exactly these events, in this order; of the rest only flags, limit and bytesMax count. */
  positions: Float64Array | undefined,
  /** Three arrays for each match: types, entities, tags. One match at least must hold. */
  matches: readonly (readonly string[])[] | undefined,
  /** Members of payloads, where events are rows; all where it is undefined. Or the columns. */
  fields: readonly string[] | undefined,
];

export type StateArguments = [
  tenant: string,
  entity: string,
  asOfMicros: number,
  version: number,
  merge: number,
  /** Where snapshots are; without them all events are merged. */
  snapshotTenant: string | undefined,
  snapshotType: string | undefined,
  flags: number,
  asOfText: string,
  historyMax: number,
];

/** One open store. Numbers that are not asked for are NaN, texts undefined. */
export interface NativeStore {
  /** Checks an input and makes records of it in a slot; returns how many events it holds. */
  stage(
    slot: number,
    input: Uint8Array | string,
    format: number,
    names: number,
    independent: boolean,
    tenant: string,
    oneTenant: boolean,
    conditions: string | undefined,
    match: string | undefined,
  ): number;
  /**
   * A subject is an event type, or a prefix that ends in `.*`; its number is above 0, and 0 takes it
   * away. An event belongs to that of its type, else to that of the longest prefix.
   */
  setSubject(tenant: string, subject: string, number: number): void;
  /** How many events of a staged slot belong to a subject. */
  enforced(slot: number): number;
  /**
   * Their payloads from number `first` on as one JSON array: as many as fit a piece, and the numbers
   * of `enforcedNumber`.
   */
  enforcedPayloads(slot: number, first: number, numbers: Float64Array): string;
  /**
   * Of `count` of them from number `first` on: the version of the schema to store, 0 = none, or -1,
   * which takes the event out of the slot, or empties it where its events are not independent.
   */
  settleEnforced(slot: number, first: number, count: number, verdicts: Float64Array): void;
  /** `isKnown`: the log has the id of the event. */
  describeStaged(slot: number, event: number): { eventType: string; isKnown: boolean };
  /** Commits a slot; returns the ids of all outcomes as one text if `full`. */
  commit(slot: number, numbers: Float64Array, full: boolean): string | undefined;
  refusals(slot: number): NativeRefusal[];
  /** Of a store that was opened with a time: the time until it is set again. */
  setClock(micros: number): void;

  /** What all reads write into: numbers of `answerNumber`, and JSON into the slab of a number. */
  useAnswerMemory(numbers: Float64Array, slabs: readonly Uint8Array[]): void;
  /** These four return the length of what they wrote, or minus its length: see takeOverflow. */
  read(...args: [...QueryArguments, slab: number]): number;
  getEvent(tenant: string, id: string, flags: number, slab: number): number;
  state(...args: [...StateArguments, slab: number]): number;
  list(
    kind: number,
    tenant: string,
    prefix: string,
    firstPosition: number,
    limit: number,
    flags: number,
    slab: number,
  ): number;
  /** The answer of the call before, which did not fit its slab. */
  takeOverflow(): Buffer;
  /** What the call of `read` just before located: the text, and behind it two doubles: count and next position. */
  readAsync(flags: number, bytesMax: number): Promise<Buffer>;
  /**
   * Events as columns: `limit` rows at most, and no more once their records have `bytesMax` bytes. Each
   * field is a path in payloads, whose names are in `paths`, and a number of `fieldTypeNumber`.
   */
  columns(
    ...args: [
      ...QueryArguments,
      columns: number,
      paths: readonly (readonly string[])[],
      types: readonly number[],
    ]
  ): Promise<NativeColumns>;
  /** The text and behind it four doubles: version, position, time, events merged. */
  stateAsync(...args: StateArguments): Promise<Buffer>;
  /** 0 where the entity has no such version. */
  positionOfVersion(tenant: string, entity: string, version: number): number;
  /** Positions of durable events that are milestones, since the last call; some may be left out. */
  milestones(): Float64Array;

  /**
   * A root hash; or the number of path nodes (4 bytes), path and leaf of the event at position
   * `first`; or the path from tree size `first`.
   */
  prove(kind: number, tenant: string, first: number, size: number): Promise<Buffer>;

  /** The files of the log as they are now, until `releaseLog`; one at a time. */
  holdLog(): Promise<NativeHeldLog>;
  /** Copies files of the held log, by their numbers, and others behind them; the SHA-256 of each. */
  copyHeld(
    job: NativeJob,
    numbers: Float64Array,
    others: readonly NativeCopiedFile[],
    directory: string,
  ): Promise<readonly string[]>;
  releaseLog(): Promise<void>;

  /** Writes events, entities, event types: of a tenant, or of the whole store. */
  stats(tenant: string | undefined, numbers: Float64Array): void;
  /** Writes the numbers of `counterNumber`. */
  counters(numbers: Float64Array): void;
  /** Why nothing can be written; null where it can. */
  failure(): Error | null;
  damage(): { file: string; offset: number; reason: string } | null;
  /** Files with events from a position on; 1 = all. */
  verify(sincePosition: number): Promise<NativeVerifyReport>;
  /** Writes bytes done and bytes in all. */
  verifyProgress(numbers: Float64Array): void;
  cancelVerify(): void;
  dropBefore(position: number): Promise<NativeDropReport>;
  /** While referenced, progress to come keeps the process alive. */
  ref(): void;
  unref(): void;
  close(): Promise<void>;
}

export interface NativeColumns {
  readonly rows: number;
  /** Of the first match behind them; 0 = there is none. */
  readonly nextPosition: number;
  /** What the engine filled, and where each buffer lies in it: offset and bytes, in turn. */
  readonly memory: ArrayBuffer;
  readonly extents: Float64Array;
}

export const counterNumber = {
  watermark: 0,
  queuedBytes: 1,
  indexBytes: 2,
  storageBytes: 3,
  segments: 4,
  commits: 5,
  committedEvents: 6,
  committedBytes: 7,
  syncs: 8,
  syncMicros: 9,
  lastSyncMicros: 10,
  indexFiles: 11,
  indexedSegments: 12,
  indexFailures: 13,
  cacheBytes: 14,
  cacheLoads: 15,
  cacheEvictions: 16,
  firstPosition: 17,
  count: 18,
} as const;

export interface NativeDropReport {
  readonly firstPosition: number;
  readonly segments: number;
  readonly bytes: number;
}

export interface NativeRepairReport {
  readonly cutFiles: string[];
  readonly movedTo: string | null;
  readonly lastPosition: number;
}

/** How far long work is, and its end. */
export interface NativeJob {
  /** Writes bytes done and bytes in all. */
  progress(numbers: Float64Array): void;
  cancel(): void;
}

export interface NativeHeldLog {
  readonly storeId: string;
  readonly firstPosition: number;
  readonly lastPosition: number;
  /** Time of the last event. */
  readonly lastMicros: number;
  /** Of the Merkle tree. */
  readonly rootHash: string;
  /** STORE, segments in the order of the log, index files in the same. */
  readonly files: readonly {
    readonly kind: 'store' | 'segment' | 'index';
    readonly name: string;
    /** What is to be copied. */
    readonly bytes: number;
    readonly firstPosition: number;
    readonly lastPosition: number;
    readonly salt: number;
  }[];
}

/** A file beside the log, which nobody changes. */
export interface NativeCopiedFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

interface NativeBackupFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly firstPosition: number;
  readonly lastPosition: number;
}

/** A backup, wherever its files lie. */
export interface NativeBackupSet {
  readonly store: NativeBackupFile;
  readonly segments: readonly NativeBackupFile[];
  readonly indexFiles: readonly NativeBackupFile[];
  readonly parquetFiles: readonly NativeBackupFile[];
  readonly firstPosition: number;
  readonly lastPosition: number;
  readonly rootHash: string;
}

interface NativeBackupReport {
  readonly bytes: number;
  /** Null where a file is damaged. */
  readonly rootHash: string | null;
  readonly files: readonly { readonly path: string; readonly fault: string | null }[];
}

export interface NativeRestoreReport {
  readonly firstPosition: number;
  readonly lastPosition: number;
  readonly lastMicros: number;
  readonly bytes: number;
  readonly rootHash: string;
}

export interface NativeAddon {
  readonly version: string;
  /** `onProgress` gets the watermark and the number of the write failure's code, or 0. */
  open(
    options: NativeOpenOptions,
    onProgress: (watermark: number, failureCode: number) => void,
  ): Promise<NativeStore>;
  repair(directory: string): Promise<NativeRepairReport>;
  readonly Job: new () => NativeJob;
  /** Takes the lock of a file, which is made if missing; a function that gives it back. */
  lockFile(path: string): () => void;
  /** Of the calling thread or, where it is said, of all threads of the process: work that nobody waits for. */
  letOthersGoFirst(wholeProcess: boolean): void;
  checkBackup(job: NativeJob, set: NativeBackupSet): Promise<NativeBackupReport>;
  /** Into an empty directory. `position` and `micros`, where the log is to end, are NaN where nothing is asked. */
  restoreBackup(
    job: NativeJob,
    set: NativeBackupSet,
    directory: string,
    position: number,
    micros: number,
  ): Promise<NativeRestoreReport>;
}

import {
  backupRanges,
  batchBytesMax,
  compactionStrategies,
  eventBytesMax,
  parquetRanges,
  snapshotRanges,
  sqlRanges,
} from '../domain/index.js';
import {
  byteCount,
  flag,
  oneOf,
  optionalPath,
  plainText,
  wholeNumber,
  type ValueType,
} from './valueTypes.js';

/** One setting: everything that the parser, `--help`, `config show` and the reference say of it. */
export interface Setting<T> {
  /** Section and key in `allsource.toml`. */
  readonly key: `${string}.${string}`;
  /** Environment variables, the first that is set and not empty wins. */
  readonly env: readonly [string, ...string[]];
  /** Long flag of `allsource serve`, with its dashes. */
  readonly flag: `--${string}`;
  /** What stands for the value in `--help`. */
  readonly placeholder: string;
  readonly type: ValueType<T>;
  readonly default: T;
  readonly doc: string;
}

const mebibyte = 1024 ** 2;

/** Checks the shape of a row and keeps the type of its value. */
function setting<T>(row: Setting<T>): Setting<T> {
  return row;
}

const serverSettings = {
  host: setting({
    key: 'server.host',
    env: ['ALLSOURCE_HOST'],
    flag: '--host',
    placeholder: 'address',
    type: plainText('a host name or an IP address', 255),
    default: '127.0.0.1',
    doc: 'Address to listen on; one that other machines can reach needs --insecure-no-auth.',
  }),
  port: setting({
    key: 'server.port',
    env: ['ALLSOURCE_PORT', 'PORT'],
    flag: '--port',
    placeholder: 'number',
    type: wholeNumber(0, 65_535, ' (0 = any free port)'),
    default: 3900,
    doc: 'Port to listen on.',
  }),
  eventBodyBytesMax: setting({
    key: 'server.event_body_bytes_max',
    env: ['ALLSOURCE_EVENT_BODY_BYTES_MAX'],
    flag: '--event-body-bytes-max',
    placeholder: 'bytes',
    type: byteCount(1024, eventBytesMax),
    default: eventBytesMax,
    doc: 'Largest body of a request with a single event and of control requests.',
  }),
  batchBodyBytesMax: setting({
    key: 'server.batch_body_bytes_max',
    env: ['ALLSOURCE_BATCH_BODY_BYTES_MAX'],
    flag: '--batch-body-bytes-max',
    placeholder: 'bytes',
    type: byteCount(1024, batchBytesMax),
    default: batchBytesMax,
    doc: 'Largest body of a batch.',
  }),
  requestTimeoutMs: setting({
    key: 'server.request_timeout_ms',
    env: ['ALLSOURCE_REQUEST_TIMEOUT_MS'],
    flag: '--request-timeout-ms',
    placeholder: 'ms',
    type: wholeNumber(1000, 3_600_000),
    default: 30_000,
    doc: 'Time in which a request must have arrived in full; live streams are not cut.',
  }),
  connectionsMax: setting({
    key: 'server.connections_max',
    env: ['ALLSOURCE_CONNECTIONS_MAX'],
    flag: '--connections-max',
    placeholder: 'number',
    type: wholeNumber(1, 1_000_000),
    default: 10_000,
    doc: 'Connections open at a time; further ones are closed at once.',
  }),
};

const storageSettings = {
  dataDir: setting({
    key: 'storage.data_dir',
    env: ['ALLSOURCE_DATA_DIR'],
    flag: '--data-dir',
    placeholder: 'dir',
    type: plainText('a path of 1-4096 characters', 4096),
    default: './data',
    doc: 'Directory of the store, from the working directory; made if missing.',
  }),
  memory: setting({
    key: 'storage.memory',
    env: ['ALLSOURCE_MEMORY'],
    flag: '--memory',
    placeholder: 'boolean',
    type: flag(),
    default: false,
    doc: 'Keep everything in memory: no file, gone with the process; data_dir is not used.',
  }),
  segmentBytesMax: setting({
    key: 'storage.segment_bytes_max',
    env: ['ALLSOURCE_SEGMENT_BYTES_MAX'],
    flag: '--segment-bytes-max',
    placeholder: 'bytes',
    type: byteCount(mebibyte, 1024 * mebibyte),
    default: 64 * mebibyte,
    doc: 'Size of a full log segment.',
  }),
  queueBytesMax: setting({
    key: 'storage.queue_bytes_max',
    env: ['ALLSOURCE_QUEUE_BYTES_MAX'],
    flag: '--queue-bytes-max',
    placeholder: 'bytes',
    type: byteCount(mebibyte, 4096 * mebibyte),
    default: 64 * mebibyte,
    doc: 'Bytes that may wait for the disk before appends wait.',
  }),
  cacheBytesMax: setting({
    key: 'storage.cache_bytes_max',
    env: ['ALLSOURCE_CACHE_BYTES_MAX'],
    flag: '--cache-bytes-max',
    placeholder: 'bytes',
    type: byteCount(mebibyte, 1024 * 1024 * mebibyte),
    default: 128 * mebibyte,
    doc: 'Bytes of index files and sealed segments that may be in memory.',
  }),
  durability: setting<'sync' | 'async'>({
    key: 'durability.mode',
    env: ['ALLSOURCE_DURABILITY'],
    flag: '--durability',
    placeholder: 'mode',
    type: oneOf(['sync', 'async']),
    default: 'sync',
    doc: 'sync: acknowledged after fdatasync; async: after the write, synced at most 50 ms later.',
  }),
};

const { eventThreshold, timeThresholdSeconds, perEntityMax } = snapshotRanges;

const snapshotSettings = {
  snapshotsAutomatic: setting({
    key: 'snapshots.automatic',
    env: ['ALLSOURCE_SNAPSHOTS_AUTOMATIC'],
    flag: '--snapshots-automatic',
    placeholder: 'boolean',
    type: flag(),
    default: true,
    doc: 'Make snapshots of entities without being asked for them.',
  }),
  snapshotsEventThreshold: setting({
    key: 'snapshots.event_threshold',
    env: ['ALLSOURCE_SNAPSHOTS_EVENT_THRESHOLD'],
    flag: '--snapshots-event-threshold',
    placeholder: 'number',
    type: wholeNumber(eventThreshold.min, eventThreshold.max),
    default: eventThreshold.default,
    doc: 'Events of an entity between two automatic snapshots.',
  }),
  snapshotsTimeThresholdSeconds: setting({
    key: 'snapshots.time_threshold_seconds',
    env: ['ALLSOURCE_SNAPSHOTS_TIME_THRESHOLD_SECONDS'],
    flag: '--snapshots-time-threshold-seconds',
    placeholder: 'seconds',
    type: wholeNumber(timeThresholdSeconds.min, timeThresholdSeconds.max),
    default: timeThresholdSeconds.default,
    doc: 'Age at which a snapshot of an entity with newer events is followed by another one.',
  }),
  snapshotsPerEntityMax: setting({
    key: 'snapshots.per_entity_max',
    env: ['ALLSOURCE_SNAPSHOTS_PER_ENTITY_MAX'],
    flag: '--snapshots-per-entity-max',
    placeholder: 'number',
    type: wholeNumber(perEntityMax.min, perEntityMax.max),
    default: perEntityMax.default,
    doc: 'Snapshots of an entity that are listed, the newest ones.',
  }),
};

const sqlSettings = {
  sqlMemoryMb: setting({
    key: 'sql.memory_mb',
    env: ['ALLSOURCE_SQL_MEMORY_MB'],
    flag: '--sql-memory-mb',
    placeholder: 'MiB',
    type: wholeNumber(sqlRanges.memoryMb.min, sqlRanges.memoryMb.max),
    default: sqlRanges.memoryMb.default,
    doc: 'Memory of all SQL queries together; taken with the first one.',
  }),
  sqlThreads: setting({
    key: 'sql.threads',
    env: ['ALLSOURCE_SQL_THREADS'],
    flag: '--sql-threads',
    placeholder: 'number',
    type: wholeNumber(sqlRanges.threads.min, sqlRanges.threads.max),
    default: sqlRanges.threads.default,
    doc: 'Threads that work on SQL queries.',
  }),
  sqlTimeoutMs: setting({
    key: 'sql.timeout_ms',
    env: ['ALLSOURCE_SQL_TIMEOUT_MS'],
    flag: '--sql-timeout-ms',
    placeholder: 'ms',
    type: wholeNumber(sqlRanges.timeoutMs.min, sqlRanges.timeoutMs.max),
    default: sqlRanges.timeoutMs.default,
    doc: 'Time of an SQL query that does not ask for less.',
  }),
};

const backupSettings = {
  backupDirectory: setting({
    key: 'backup.directory',
    env: ['ALLSOURCE_BACKUP_DIRECTORY'],
    flag: '--backup-directory',
    placeholder: 'dir',
    type: optionalPath(),
    default: '',
    doc: 'Directory of the backups; empty: `backups` in data_dir, which a lost disk takes along.',
  }),
  backupEveryHours: setting({
    key: 'backup.every_hours',
    env: ['ALLSOURCE_BACKUP_EVERY_HOURS'],
    flag: '--backup-every-hours',
    placeholder: 'hours',
    type: wholeNumber(backupRanges.everyHours.min, backupRanges.everyHours.max, ' (0 = never)'),
    default: backupRanges.everyHours.default,
    doc: 'Age of the newest backup at which the next one is made by itself.',
  }),
  backupFullEvery: setting({
    key: 'backup.full_every',
    env: ['ALLSOURCE_BACKUP_FULL_EVERY'],
    flag: '--backup-full-every',
    placeholder: 'number',
    type: wholeNumber(backupRanges.fullEvery.min, backupRanges.fullEvery.max),
    default: backupRanges.fullEvery.default,
    doc: 'Of those, each so many is a full one, and the others are incremental.',
  }),
  backupKeep: setting({
    key: 'backup.keep',
    env: ['ALLSOURCE_BACKUP_KEEP'],
    flag: '--backup-keep',
    placeholder: 'number',
    type: wholeNumber(backupRanges.keep.min, backupRanges.keep.max, ' (0 = all)'),
    default: backupRanges.keep.default,
    doc: 'Backups that stay when one was made by itself, the newest ones.',
  }),
};

const { minFiles, targetFileBytes, maxFileBytes, smallFileBytes, intervalSeconds } = parquetRanges;

const compactionSettings = {
  compactionAutomatic: setting({
    key: 'compaction.auto_compact',
    env: ['ALLSOURCE_COMPACTION_AUTO_COMPACT'],
    flag: '--compaction-auto-compact',
    placeholder: 'boolean',
    type: flag(),
    default: true,
    doc: 'Write sealed segments as Parquet files, and merge small ones, without being asked for it.',
  }),
  compactionStrategy: setting<(typeof compactionStrategies)[number]>({
    key: 'compaction.strategy',
    env: ['ALLSOURCE_COMPACTION_STRATEGY'],
    flag: '--compaction-strategy',
    placeholder: 'strategy',
    type: oneOf(compactionStrategies),
    default: 'sizebased',
    doc: 'Files that are merged: small ones, those of a day, or all.',
  }),
  compactionMinFiles: setting({
    key: 'compaction.min_files_to_compact',
    env: ['ALLSOURCE_COMPACTION_MIN_FILES_TO_COMPACT'],
    flag: '--compaction-min-files-to-compact',
    placeholder: 'number',
    type: wholeNumber(minFiles.min, minFiles.max),
    default: minFiles.default,
    doc: 'Files that lie side by side and are merged, at least.',
  }),
  compactionTargetFileBytes: setting({
    key: 'compaction.target_file_size',
    env: ['ALLSOURCE_COMPACTION_TARGET_FILE_SIZE'],
    flag: '--compaction-target-file-size',
    placeholder: 'bytes',
    type: byteCount(targetFileBytes.min, targetFileBytes.max),
    default: targetFileBytes.default,
    doc: 'Size to which small files are merged.',
  }),
  compactionMaxFileBytes: setting({
    key: 'compaction.max_file_size',
    env: ['ALLSOURCE_COMPACTION_MAX_FILE_SIZE'],
    flag: '--compaction-max-file-size',
    placeholder: 'bytes',
    type: byteCount(maxFileBytes.min, maxFileBytes.max),
    default: maxFileBytes.default,
    doc: 'Size beyond which no files are merged; at least target_file_size.',
  }),
  compactionSmallFileBytes: setting({
    key: 'compaction.small_file_threshold',
    env: ['ALLSOURCE_COMPACTION_SMALL_FILE_THRESHOLD'],
    flag: '--compaction-small-file-threshold',
    placeholder: 'bytes',
    type: byteCount(smallFileBytes.min, smallFileBytes.max),
    default: smallFileBytes.default,
    doc: 'Size below which a file is small.',
  }),
  compactionIntervalSeconds: setting({
    key: 'compaction.compaction_interval_seconds',
    env: ['ALLSOURCE_COMPACTION_INTERVAL_SECONDS'],
    flag: '--compaction-interval-seconds',
    placeholder: 'seconds',
    type: wholeNumber(intervalSeconds.min, intervalSeconds.max),
    default: intervalSeconds.default,
    doc: 'Time between two merges.',
  }),
};

/** The one table of settings. Its order is the order of `--help` and of the reference. */
export const settingsTable = {
  ...serverSettings,
  ...storageSettings,
  ...snapshotSettings,
  ...backupSettings,
  ...sqlSettings,
  ...compactionSettings,
  insecureNoAuth: setting({
    key: 'auth.insecure_no_auth',
    env: ['ALLSOURCE_INSECURE_NO_AUTH'],
    flag: '--insecure-no-auth',
    placeholder: 'boolean',
    type: flag(),
    default: false,
    doc: 'Listen on an address that is not loopback although nobody has to log in.',
  }),
  allowPrivateWebhooks: setting({
    key: 'webhooks.allow_private_addresses',
    env: ['ALLSOURCE_WEBHOOKS_ALLOW_PRIVATE_ADDRESSES'],
    flag: '--allow-private-webhooks',
    placeholder: 'boolean',
    type: flag(),
    default: false,
    doc: 'Let webhooks go to loopback, link-local and private addresses.',
  }),
  allowPrivateLookups: setting({
    key: 'pipelines.allow_private_addresses',
    env: ['ALLSOURCE_PIPELINES_ALLOW_PRIVATE_ADDRESSES'],
    flag: '--allow-private-lookups',
    placeholder: 'boolean',
    type: flag(),
    default: false,
    doc: 'Let `enrich` of pipelines ask loopback, link-local and private addresses.',
  }),
  logLevel: setting({
    key: 'logging.level',
    env: ['ALLSOURCE_LOG_LEVEL'],
    flag: '--log-level',
    placeholder: 'level',
    type: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    default: 'info',
    doc: 'Lowest level that is logged; logs are JSON lines on standard output.',
  }),
};

export type SettingName = keyof typeof settingsTable;

export type Settings = {
  readonly [Name in SettingName]: (typeof settingsTable)[Name] extends Setting<infer T> ? T : never;
};

/** The names in table order. `Object.keys` knows only that they are text. */
export const settingNames = Object.keys(settingsTable) as readonly SettingName[];

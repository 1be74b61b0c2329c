/** Bounds of every input. The engine holds the same numbers in native/base/limits.h. */

export const entityIdBytesMax = 256;
export const eventTypeBytesMax = 128;
export const tenantIdBytesMax = 64;
export const tagsMax = 32;
export const tagBytesMax = 128;
/** Items of a condition on events, and types or entities of one. */
export const matchItemsMax = 32;
export const matchTextsMax = 100;
export const jsonDepthMax = 128;
/** One event, payload and metadata together, as JSON text. */
export const eventBytesMax = 2 * 1024 * 1024;
/** One atomic batch, as JSON or NDJSON text. */
export const batchBytesMax = 64 * 1024 * 1024;
export const batchEventsMax = 1_000_000;
/** Events on one page of a query that is answered as one JSON document. */
export const pageEventsMax = 10_000;
export const pageEventsDefault = 100;
/** Of the records on such a page: one with large events holds fewer than were asked for. */
export const pageBytesMax = 32 * 1024 * 1024;
export const stateHistoryDefault = 100;
/** What a snapshot policy may be; `default` where nothing is said. */
export const snapshotRanges = {
  eventThreshold: { min: 2, max: 1_000_000, default: 100 },
  timeThresholdSeconds: { min: 1, max: 31_536_000, default: 3600 },
  perEntityMax: { min: 1, max: 1_000_000, default: 10 },
} as const;
/** What a backup policy may be; 0 hours: none are made by themselves, keep 0: all. */
export const backupRanges = {
  everyHours: { min: 0, max: 8_760, default: 0 },
  fullEvery: { min: 1, max: 10_000, default: 7 },
  keep: { min: 0, max: 100_000, default: 0 },
} as const;
export const compactionStrategies = ['sizebased', 'timebased', 'fullcompaction'] as const;
/** What a Parquet policy may be. */
export const parquetRanges = {
  minFiles: { min: 2, max: 1_000, default: 3 },
  targetFileBytes: { min: 1024, max: 2 ** 30, default: 128 * 1024 * 1024 },
  maxFileBytes: { min: 1024, max: 2 ** 30, default: 256 * 1024 * 1024 },
  smallFileBytes: { min: 1024, max: 2 ** 30, default: 10 * 1024 * 1024 },
  intervalSeconds: { min: 1, max: 31_536_000, default: 3600 },
} as const;
/** What a retention policy may be, and when policies are applied. */
export const retentionRanges = {
  keepDays: { min: 1, max: 36_500 },
  keepEvents: { min: 1, max: Number.MAX_SAFE_INTEGER },
  keepBytes: { min: 1, max: Number.MAX_SAFE_INTEGER },
  intervalSeconds: { min: 1, max: 31_536_000, default: 3600 },
} as const;
/** What a policy of SQL may be. */
export const sqlRanges = {
  memoryMb: { min: 64, max: 1_048_576, default: 1_024 },
  threads: { min: 1, max: 64, default: 2 },
  timeoutMs: { min: 100, max: 3_600_000, default: 30_000 },
} as const;
export const partitionCount = 32;
/** Tenant of what the store keeps for itself. No caller can name it, and no read shows it. */
export const systemTenant = '$system';

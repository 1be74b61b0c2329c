import type { CompactionStrategy } from '../eventStore/index.js';

/** A file of the Parquet tier, as its record in the log says. Its rows never change. */
export interface ParquetFile {
  /** `<first position>-<last position>-<begin of its SHA-256>.parquet`, in the directory of the tier. */
  readonly name: string;
  /** Of the log: the file has all events in between, but those of the store's own tenants. */
  readonly firstPosition: number;
  readonly lastPosition: number;
  /** Microseconds since 1970, of its first and its last event; null where it has none. */
  readonly firstTimestamp: number | null;
  readonly lastTimestamp: number | null;
  /** Rows. */
  readonly eventCount: number;
  readonly sizeBytes: number;
  /** Of the file, in hexadecimal digits. */
  readonly sha256: string;
  /** Microseconds since 1970. */
  readonly createdAt: number;
}

/** A file where it can be read. */
export interface PlacedFile extends ParquetFile {
  readonly path: string;
}

/** Files of now, which stay until they are released, once. */
export interface FilesHold {
  readonly files: readonly PlacedFile[];
  readonly release: () => void;
}

/** Who reads files of the tier, which may be replaced by larger ones, or taken away, meanwhile. */
export interface ParquetFiles {
  /**
   * Does some work with the files of now, in the order of the log; they stay until it has ended. Events
   * behind the last one are in the log, and those before the log's begin are here only.
   */
  withFiles<T>(work: (files: readonly PlacedFile[]) => Promise<T>): Promise<T>;
  /**
   * Before they are read: each is hashed once while the store is open. Rejects with `storage_damaged`, which
   * names the file.
   */
  mustBeSound(files: readonly PlacedFile[], signal?: AbortSignal): Promise<void>;
}

export interface CompactionProgress {
  readonly eventsDone: number;
  readonly eventsTotal: number;
}

export interface CompactOptions {
  /** Which files are merged; default that of the settings. */
  readonly strategy?: CompactionStrategy | undefined;
  readonly onProgress?: ((progress: CompactionProgress) => void) | undefined;
  /** Ends it: it rejects with `aborted`, and what was recorded by then stays. */
  readonly signal?: AbortSignal | undefined;
}

/** What one compaction did. */
export interface CompactionReport {
  /** Sealed segments of the log that got a file. */
  readonly filesWritten: number;
  readonly eventsWritten: number;
  /** Files that were merged into larger ones, and what they and the larger ones take. */
  readonly filesCompacted: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly eventsCompacted: number;
  readonly durationMs: number;
}

/** Of all compactions that merged files. */
export interface CompactionTotals {
  readonly totalCompactions: number;
  readonly totalFilesCompacted: number;
  readonly totalBytesBefore: number;
  readonly totalBytesAfter: number;
  readonly totalEventsCompacted: number;
  readonly lastCompactionDurationMs: number;
  readonly spaceSavedBytes: number;
}

export interface CompactionConfig {
  readonly minFiles: number;
  readonly targetFileBytes: number;
  readonly maxFileBytes: number;
  readonly smallFileBytes: number;
  readonly intervalSeconds: number;
  readonly automatic: boolean;
  readonly strategy: CompactionStrategy;
}

export interface CompactionStats {
  readonly stats: CompactionTotals;
  readonly config: CompactionConfig;
}

/** What a check of a file found. */
export interface ParquetFinding {
  readonly name: string;
  readonly eventCount: number;
  readonly sizeBytes: number;
  /** Null where it is as it was written. */
  readonly damage: string | null;
}

export interface ParquetReport {
  readonly ok: boolean;
  readonly files: readonly ParquetFinding[];
}

/** Since the store was opened, for `/metrics`. */
export interface ParquetCounts {
  /** Compactions that merged files. */
  readonly compactions: number;
  /** What the newest of these took, the newest last. */
  readonly secondsOfLast: readonly number[];
  /** Runs that failed, those that were asked for among them; what was recorded of one stays. */
  readonly failed: number;
  /** Why the last run of the schedule could not be done; null where it was. */
  readonly failure: string | null;
  readonly filesWritten: number;
  readonly filesMerged: number;
  readonly bytesSaved: number;
}

/** The Parquet files of a store: written of sealed segments of the log, merged into larger ones. */
export interface Parquet {
  /** In the order of the log. */
  files(): Promise<readonly ParquetFile[]>;
  /**
   * Writes a file for each sealed segment that has none, then merges files by the strategy. One at a
   * time: others wait. Rejects with `unprocessable` where the store is in memory.
   */
  compact(options?: Omit<CompactOptions, 'onProgress'>): Promise<CompactionReport>;
  stats(): Promise<CompactionStats>;
  /**
   * Reads all files and compares them with their SHA-256; damage is in the report. Rejects with
   * `unprocessable` where the store is in memory.
   */
  verify(options?: Pick<CompactOptions, 'signal'>): Promise<ParquetReport>;
}

export interface EmbeddedParquet extends Parquet {
  /** Where the files are; they open in DuckDB, pandas and Polars as they are. */
  readonly directory: string;
  compact(options?: CompactOptions): Promise<CompactionReport>;
  verify(options?: Pick<CompactOptions, 'onProgress' | 'signal'>): Promise<ParquetReport>;
  counts(): ParquetCounts;
}

/** A file of the Parquet tier, as its record in the log says. Its rows never change. */
export interface ParquetFile {
  /** `<first position>-<last position>-<begin of its SHA-256>.parquet`, in the directory of the tier. */
  readonly name: string;
  /** Of the log: the file has all events in between, but those of the store's own tenants. */
  readonly firstPosition: number;
  readonly lastPosition: number;
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

/** Who reads files of the tier, which may be replaced by larger ones, or taken away, meanwhile. */
export interface ParquetFiles {
  /**
   * Does some work with the files of now, in the order of the log and without gaps between; they stay
   * until it has ended. Events behind the last one are in the log, those before the log's begin here only.
   */
  withFiles<T>(work: (files: readonly PlacedFile[]) => Promise<T>): Promise<T>;
}

import type { ArchiveWanted } from '../../columnar/index.js';
import type { ErrorCode } from '../../domain/index.js';
import type { Range } from '../files/parquetDirectory.js';
import type { ParquetFile, ParquetFinding, PlacedFile } from '../types.js';

/** What a thread is asked to do, and what it says of each thing that is done. */
export interface Jobs {
  /** Writes a file for each range of the log. */
  readonly write: {
    readonly job: { readonly dataDir: string; readonly ranges: readonly Range[] };
    readonly result: ParquetFile;
  };
  /** Makes one file of each group. */
  readonly merge: {
    readonly job: { readonly groups: readonly (readonly PlacedFile[])[] };
    readonly result: ParquetFile;
  };
  /** Makes another file, of the rows of one up to a position. */
  readonly cut: {
    readonly job: { readonly file: PlacedFile; readonly lastPosition: number };
    readonly result: ParquetFile;
  };
  /** Compares files with their hashes; what they have of a range with the log, too, where that is given. */
  readonly check: {
    readonly job: {
      readonly files: readonly PlacedFile[];
      readonly log?: { readonly dataDir: string; readonly range: Range } | undefined;
    };
    readonly result: ParquetFinding;
  };
  /** Counts what the log has in each range. */
  readonly measure: {
    readonly job: { readonly dataDir: string; readonly ranges: readonly Range[] };
    readonly result: readonly MeasuredGroup[];
  };
  /** Matching rows of files as Arrow IPC streams. */
  readonly scan: {
    readonly job: Omit<ArchiveWanted, 'signal'> & { readonly files: readonly PlacedFile[] };
    readonly result: Uint8Array;
  };
}

/** Events of a tenant and a type. */
export interface MeasuredGroup {
  readonly tenantId: string;
  readonly eventType: string;
  readonly events: number;
  /** Of payloads and metadata. */
  readonly bytes: number;
  /** Time of the last one, microseconds since 1970. */
  readonly newest: number;
}

export type JobKind = keyof Jobs;
export type Job = { [K in JobKind]: { readonly kind: K } & Jobs[K]['job'] & Place }[JobKind];

interface Place {
  /** Of the files of the tier. */
  readonly directory: string;
}

/** From the thread. Behind each result it waits until it is told to go on. */
export type FromThread =
  | { readonly kind: 'rows'; readonly rows: number }
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'end' }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };

/** To the thread. */
export type ToThread = 'next' | 'stop';

/** What a job is given while it runs. */
export interface JobContext {
  readonly signal: AbortSignal;
  readonly onRows: (rows: number) => void;
}

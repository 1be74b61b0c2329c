import type { ProjectionStorage } from '../../../src/index.js';

/** What becomes of a transaction at its end. */
export type CommitFault =
  /** It is made, and whoever asked for it is not told. */
  | 'answer lost'
  /** It is not made. */
  | 'not made';

/** A database that outlives stores, as its users have it. */
export interface SqlDatabase {
  /** Of a new storage on a new connection, where nothing fails. */
  storage(): ProjectionStorage;
  /** One whose commits fail as they are told to. */
  failing(next: () => CommitFault | undefined): ProjectionStorage;
  /** Rows of any statement. */
  query(sql: string): Promise<Record<string, unknown>[]>;
  /** What the names of the tables begin with. */
  readonly prefix: string;
  /** Brings the tables back to how they are now. */
  copy(): Promise<() => Promise<void>>;
}

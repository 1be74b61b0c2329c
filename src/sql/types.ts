/** A value of an answer, as JSON has it: `types` in the reference says which type becomes what. */
export type SqlValue =
  null | boolean | number | string | readonly SqlValue[] | { readonly [name: string]: SqlValue };

/** By the names of the columns. */
export type SqlRow = Readonly<Record<string, SqlValue>>;

export interface SqlColumn {
  /** Where two columns have the same name, the second one is `name:1`. */
  readonly name: string;
  /** As DuckDB writes it: `BIGINT`, `VARCHAR[]`, … */
  readonly type: string;
}

export interface SqlOptions {
  /** Whose events the query sees; default `default`. */
  readonly tenantId?: string | undefined;
  /** Rows of the answer at most, from 1 on; default all. */
  readonly maxRows?: number | undefined;
  /** Milliseconds from the call to the last row; default, and at most, what the store was opened with. */
  readonly timeoutMs?: number | undefined;
  /** Ends the query soon; the call, or the iteration, rejects with `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The answer to a query, whose rows come as they are read: an iteration over all of them that holds a
 * few thousand at a time. It takes one of a few places until its last row was read, the iteration was
 * left, it was closed, or its time is over.
 */
export interface SqlResult extends AsyncIterable<SqlRow> {
  readonly columns: readonly SqlColumn[];
  /** The answer is of all events up to this position, and of none behind it. */
  readonly asOfPosition: number;
  /** Whether there were more rows than `maxRows`; known at the end. */
  readonly truncated: boolean;
  /** The rest of the rows, some thousand at a time. */
  batches(): AsyncGenerator<readonly SqlRow[]>;
  /** The rest of the rows. */
  toArray(): Promise<SqlRow[]>;
  close(): Promise<void>;
}

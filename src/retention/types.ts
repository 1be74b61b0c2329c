/**
 * How long events stay in the log. An event belongs to the policy that says most about it: of its tenant
 * and type, of its tenant, of its type, of all. Events that belong to none stay.
 */
export interface RetentionPolicyOptions {
  /** Of 1-64 letters, digits, `-`, `_`; a policy of this name is replaced. */
  readonly name: string;
  /** Default all tenants. */
  readonly tenantId?: string | undefined;
  /** Default all types. */
  readonly eventType?: string | undefined;
  /** An event is expired once any of these says so; one at least is given. Age in days of 24 hours. */
  readonly keepDays?: number | undefined;
  /** Of each tenant, the newest ones that belong to the policy. */
  readonly keepEvents?: number | undefined;
  /** The same in bytes of payloads and metadata. */
  readonly keepBytes?: number | undefined;
}

export interface RetentionPolicy {
  readonly name: string;
  readonly tenantId: string | null;
  readonly eventType: string | null;
  readonly keepDays: number | null;
  readonly keepEvents: number | null;
  readonly keepBytes: number | null;
  /** Microseconds since 1970. */
  readonly updatedAt: number;
}

export interface RetentionProgress {
  readonly step: 'measure' | 'write' | 'verify' | 'drop';
}

export interface RetentionRunOptions {
  /** Only says what would go. */
  readonly dryRun?: boolean | undefined;
  readonly onProgress?: ((progress: RetentionProgress) => void) | undefined;
  /** Ends it: it rejects with `aborted`, and nothing was dropped. */
  readonly signal?: AbortSignal | undefined;
}

/** Events that go, or went, by a policy. */
export interface RetentionCount {
  readonly policy: string;
  readonly events: number;
  /** Of payloads and metadata. */
  readonly bytes: number;
}

/** Events that stay, and the segment with them. */
export interface RetentionKept {
  /** First position of that segment. */
  readonly firstPosition: number;
  readonly tenantId: string;
  readonly eventType: string;
  /** Null: they belong to none. */
  readonly policy: string | null;
}

/** What retention has done since the store was opened, dry runs left out. */
export interface RetentionCounts {
  readonly runs: number;
  /** Runs that failed, those that were asked for among them. */
  readonly failed: number;
  /** Why policies could not be applied by themselves the last time; null where they were. */
  readonly failure: string | null;
  /** Of the log. */
  readonly segmentsDropped: number;
  readonly eventsDropped: number;
}

export interface RetentionReport {
  readonly dryRun: boolean;
  /** Where the log begins, and where it begins after the run, or would. */
  readonly firstPosition: number;
  readonly newFirstPosition: number;
  /** Segments of the log that were dropped, or would be. */
  readonly segments: number;
  readonly events: number;
  readonly policies: readonly RetentionCount[];
  /** Why no more go: what the first segment that stays has; null where it is the one that is written to. */
  readonly kept: RetentionKept | null;
  readonly durationMs: number;
}

/** Policies by which the front of the log goes, once Parquet files have it. */
export interface Retention {
  /** Replaces the one of this name. Rejects with `validation_error`, and with `unprocessable` behind 1 000. */
  set(policy: RetentionPolicyOptions): Promise<RetentionPolicy>;
  list(): Promise<readonly RetentionPolicy[]>;
  /** Rejects with `policy_not_found`. */
  delete(name: string): Promise<void>;
  /**
   * Drops segments from the front of the log of which all events are expired, once Parquet files of them
   * were compared with the log. What is dropped is read by `columns` and SQL from there.
   */
  run(options?: Omit<RetentionRunOptions, 'onProgress'>): Promise<RetentionReport>;
}

/** That of a store in this process. */
export interface EmbeddedRetention extends Retention {
  run(options?: RetentionRunOptions): Promise<RetentionReport>;
  counts(): RetentionCounts;
}

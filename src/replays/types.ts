/**
 * `pending`: recorded, and not begun. `running`, and where the projection is paused or its code was not
 * started again: as soon as it goes on. `failed`: see `errorMessage`.
 */
export type ReplayStatus = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled';

/**
 * `clear`: states begin empty and are read while they grow; what was there before is kept until the end,
 * and comes back where the replay fails or is cancelled. `blue_green`: the states before are read, and
 * stay up to date, until the new ones take their place in one step.
 */
export type ReplayMode = 'clear' | 'blue_green';

export interface ReplayConfig {
  /** Events that are read and handled at a time, 1-10 000; default 1 000. */
  readonly batchSize?: number | undefined;
  /**
   * Whether several projections are replayed at once, and each in `partitions` where it says that it may
   * be; default false.
   */
  readonly parallel?: boolean | undefined;
  /** How many projections at once then, 1-32; default 4. */
  readonly workers?: number | undefined;
  /**
   * Threads that fold one projection that has `partitions`, 1-16, each a part of its keys; default none, with
   * `parallel` as many as there are cores, at most 4.
   */
  readonly partitions?: number | undefined;
  /** Whether progress is told before the end; default true. */
  readonly emitProgress?: boolean | undefined;
  /** Events after which it is told, from 1; default 1 000. */
  readonly progressInterval?: number | undefined;
}

/** What is to be replayed. All that is given must hold for an event; what is left out does not matter. */
export interface ReplayRequest {
  readonly tenantId?: string | undefined;
  /** Default: all projections of the tenant that run. */
  readonly projectionName?: string | undefined;
  /** First timestamp, inclusive: microseconds, or RFC 3339 text. */
  readonly fromTimestamp?: number | string | undefined;
  /** Last timestamp, inclusive. */
  readonly toTimestamp?: number | string | undefined;
  readonly entityId?: string | undefined;
  readonly eventType?: string | undefined;
  /** Default `clear`. */
  readonly mode?: ReplayMode | undefined;
  readonly config?: ReplayConfig | undefined;
}

export interface ReplayInfo {
  readonly replayId: string;
  readonly tenantId: string;
  readonly projections: readonly string[];
  readonly mode: ReplayMode;
  readonly status: ReplayStatus;
  /** Microseconds since 1970, as the other times. */
  readonly startedAt: number;
  /** When status or progress was told last. */
  readonly updatedAt: number;
  readonly completedAt: number | null;
  /** Events that are selected, counted for each projection. */
  readonly totalEvents: number;
  readonly processedEvents: number;
  /** Of those, the ones whose handler failed. */
  readonly failedEvents: number;
  /** 0-100. */
  readonly progressPercentage: number;
  /** Since it was begun, or went on after a restart. */
  readonly eventsPerSecond: number;
  /** At that rate; null where it is not known, or it has ended. */
  readonly remainingSeconds: number | null;
  readonly errorMessage: string | null;
}

export interface OfTenant {
  readonly tenantId?: string | undefined;
}

/** Replays build the states of projections anew from the log. They go on after a restart. */
export interface Replays {
  /**
   * Begins a replay. Events behind the end of the log at this time come into the states once, whatever is
   * selected. Rejects with `validation_error`, `projection_not_found`, `projection_stopped`,
   * `replay_running`, `unprocessable` for a built-in projection, and `events_dropped` where all events
   * are asked for and the log does not have them any more.
   */
  start(request?: ReplayRequest): Promise<ReplayInfo>;
  /** Newest first: those that run, and the last 100 that ended. */
  list(options?: OfTenant): Promise<readonly ReplayInfo[]>;
  /** Rejects with `replay_not_found`, as all that follow. */
  get(id: string, options?: OfTenant): Promise<ReplayInfo>;
  /**
   * Resolves once it has ended, well or not. Rejects with `aborted`, with `store_closed` where the store
   * closes first, and with `storage_unavailable` in one that takes no writes, where it does not go on.
   */
  ended(
    id: string,
    options?: OfTenant & { readonly signal?: AbortSignal | undefined },
  ): Promise<ReplayInfo>;
  /** States that were read before are read again. One that has ended is left as it is. */
  cancel(id: string, options?: OfTenant): Promise<ReplayInfo>;
  /** Forgets one that has ended; rejects with `replay_running`. */
  delete(id: string, options?: OfTenant): Promise<void>;
}

export interface ReplayCounts {
  readonly started: number;
  readonly completed: number;
  readonly failed: number;
  readonly eventsProcessed: number;
}

/** Those of a store in this process. */
export interface EmbeddedReplays extends Replays {
  /** Of all tenants since the store was opened, for `/metrics`. */
  counts(): ReplayCounts;
}

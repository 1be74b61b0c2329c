import type { NewEvent } from '../domain/index.js';
import { recordEvent } from '../eventStore/index.js';
import type { Selection } from '../projections/index.js';
import type { ReplayMode, ReplayStatus } from './types.js';

/** What the log has of a replay. */
export interface ReplayRecord {
  readonly id: string;
  readonly tenantId: string;
  readonly mode: ReplayMode;
  readonly selection: Selection;
  readonly batchEvents: number;
  /** Projections that are replayed at once. */
  readonly atOnce: number;
  /** Threads that fold one of them where it may be; undefined: none. */
  readonly partitions?: number | undefined;
  /** Events after which progress is told; null: at the end. */
  readonly progressEvents: number | null;
  readonly projections: readonly string[];
  /** Those that have come to their end. */
  readonly built: readonly string[];
  /** Events of these; undefined where there are none. */
  readonly sumsOfBuilt?: { readonly processed: number; readonly failed: number } | undefined;
  readonly status: ReplayStatus;
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly completedAt: number | null;
  readonly totalEvents: number;
  readonly processedEvents: number;
  readonly failedEvents: number;
  readonly eventsPerSecond: number;
  readonly errorMessage: string | null;
}

export const recordTypes = { recorded: 'replay.recorded', deleted: 'replay.deleted' };

export function eventOf(kind: keyof typeof recordTypes, record: ReplayRecord): NewEvent {
  return recordEvent(recordTypes[kind], `replay/${record.tenantId}/${record.id}`, record);
}

export function hasEnded({ status }: Pick<ReplayRecord, 'status'>): boolean {
  return status !== 'pending' && status !== 'running';
}

import { AllSourceError } from '../domain/index.js';
import type { JsonValue, NewEvent } from '../domain/index.js';
import { recordEvent } from '../eventStore/index.js';
import type { SystemAccess } from '../eventStore/index.js';

/**
 * Which events up to a position a set of states is made of: those that match all that is given. What
 * comes behind `goal` is always in it.
 */
export interface Selection {
  readonly entityId?: string | undefined;
  readonly eventType?: string | undefined;
  /** Microseconds, inclusive, as `until`. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly goal: number;
}

/** A set of states that is being built, or is read. */
export interface GenerationRecord {
  readonly generation: number;
  readonly version: number;
  /** True where it is in a storage that the user gave; without it in the log. */
  readonly isElsewhere?: boolean | undefined;
  /** What the log had been dropped up to when it was made: it begins behind it; default 0. */
  readonly after?: number | undefined;
  /** The replay that asked for it; undefined where it was none. */
  readonly replay?: ReplayOfStates | undefined;
}

export interface ReplayOfStates {
  readonly id: string;
  readonly selection: Selection;
  /** Events that are read and handled at a time. */
  readonly batchEvents: number;
  /** Threads that fold it, where the projection says that it may be; undefined: none. */
  readonly partitions?: number | undefined;
  /** Read while it is built: what was read before comes back only where the replay is cancelled. */
  readonly isShown: boolean;
}

/** What the log has of a projection beside its states. */
export interface ProjectionRecord {
  readonly tenantId: string;
  readonly name: string;
  readonly kind: 'code' | 'declarative';
  readonly declaration: JsonValue;
  readonly isPaused: boolean;
  /** The states that are read. */
  readonly current: GenerationRecord;
  /** Those that will take their place. */
  readonly building: GenerationRecord | null;
  /** How many sets of states there were, where a later one than these was given up. */
  readonly generations?: number | undefined;
}

export const recordTypes = { recorded: 'projection.recorded', deleted: 'projection.deleted' };

/** That a projection is so now, or that it was deleted. */
export function eventOf(kind: keyof typeof recordTypes, record: ProjectionRecord): NewEvent {
  return recordEvent(recordTypes[kind], `projection/${recordKey(record)}`, record);
}

export function recordKey({ tenantId, name }: Pick<ProjectionRecord, 'tenantId' | 'name'>): string {
  return `${tenantId}/${name}`;
}

/** Whether all events that the log has are in a set of states. */
export function isWhole({ replay }: GenerationRecord): boolean {
  if (replay === undefined) return true;
  const { entityId, eventType, since, until } = replay.selection;
  return [entityId, eventType, since, until].every((bound) => bound === undefined);
}

/** Of the sets of states that were made so far. */
export function lastGeneration({ current, building, generations }: ProjectionRecord): number {
  return Math.max(current.generation, building?.generation ?? 0, generations ?? 0);
}

/** Whether a set of states is in a storage that the user gave. */
export function isKeptElsewhere({ isElsewhere = false }: GenerationRecord): boolean {
  return isElsewhere;
}

/** Whether states are read while they are built. */
export function isShown(building: GenerationRecord | null): boolean {
  return building?.replay?.isShown === true;
}

/** States can't be made again of events that the log has no more. */
export function mustBeWhole(name: string, { logBegin }: Pick<SystemAccess, 'logBegin'>): void {
  if (logBegin === 1) return;
  const message =
    `projection ${name}: events before ${logBegin} were dropped from the log, so its states can't be ` +
    'built anew of all events; replay from a time that lies behind them, or delete it and make it anew';
  throw new AllSourceError('events_dropped', message);
}

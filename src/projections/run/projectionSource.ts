import type { EventFilter, SubscriptionFilter } from '../../domain/index.js';
import { eventBytes } from '../../eventStore/index.js';
import type { EventBytes, SystemAccess } from '../../eventStore/index.js';
import type { ReplayOfStates, Selection } from '../record.js';
import type { Projection } from '../types.js';

type SelectedProjection = Pick<Projection, 'filter' | 'readsPayload'>;

export interface ProjectionSourceOptions {
  readonly projection: SelectedProjection;
  readonly tenantId: string;
  readonly replay: ReplayOfStates | undefined;
  /** Behind this position. */
  readonly after: number;
  /** Ends there; without it the source goes on with what becomes durable. */
  readonly until: number | undefined;
  readonly signal: AbortSignal;
}

/** What a projection is to take in: up to the goal of a replay what it selects, then everything. */
export async function* projectionSource(
  log: SystemAccess,
  options: ProjectionSourceOptions,
): AsyncGenerator<EventBytes> {
  const { projection, replay, until = Infinity } = options;
  const form = formOf(projection);
  let { after } = options;
  if (replay !== undefined && after < replay.selection.goal) {
    const { since, until: untilTime, goal } = replay.selection;
    const end = Math.min(goal, until);
    yield* eventBytes(log, {
      ...{ ...options, form, after, until: end, chunkEvents: replay.batchEvents },
      filter: selectedFilter(projection, replay.selection),
      times: { since, until: untilTime },
    });
    after = end;
  }
  if (after < until) yield* eventBytes(log, { ...options, form, after, filter: projection.filter });
}

/** What events are read as. */
export function formOf({ readsPayload }: SelectedProjection): 'apiLines' | 'apiHeadLines' {
  return readsPayload ? 'apiLines' : 'apiHeadLines';
}

/** The events of a tenant up to the goal that a projection takes in. */
export function selectedEvents(
  projection: SelectedProjection,
  tenantId: string,
  selection: Selection,
): EventFilter {
  const { since, until } = selection;
  return { tenantId, ...selectedFilter(projection, selection), since, until };
}

function selectedFilter(
  { filter }: SelectedProjection,
  { entityId, eventType }: Selection,
): SubscriptionFilter {
  // A replay of one type is of projections that handle it.
  return eventType === undefined ? { ...filter, entityId } : { entityId, eventType };
}

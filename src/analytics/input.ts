import { AllSourceError, fieldPath, fieldPathProblem, fieldError } from '../domain/index.js';
import type { EventFilter } from '../domain/index.js';
import { checkedLimit, microsOf } from '../eventStore/index.js';
import type { AnalyticsFilter, AnalyticsRange, TimeRange } from './types.js';

export const rangeNames = ['tenantId', 'since', 'until', 'signal'] as const;
export const filterNames = [
  ...rangeNames,
  'entityId',
  'eventType',
  'eventTypePrefix',
  'tags',
  'match',
] as const;

/** What a question is about, checked. */
export interface Selection {
  readonly filter: EventFilter;
  /** Microseconds; NaN where there is no bound. */
  readonly since: number;
  readonly until: number;
  readonly signal: AbortSignal | undefined;
  /** Whether it is all that the log has of a tenant: the index counts that. */
  readonly isWhole: boolean;
}

/** Throws `invalid_query` for a name that is not known, so that no filter is left out by a misspelling. */
export function checkNames(options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) throw invalid(unknown, `not known here; there is ${known.join(', ')}`);
}

export function selectionOf(options: AnalyticsFilter): Selection {
  const { tenantId, since, until, signal, ...filter } = options;
  const [from, to] = [microsOf(since, 'since'), microsOf(until, 'until')];
  if (from > to) throw invalid('since', 'expected a time that is not after until');
  const { entityId, eventType, eventTypePrefix, tags = [], match } = filter;
  const conditions = [entityId, eventType, eventTypePrefix, match, since, until];
  return {
    filter: { tenantId, since, until, entityId, eventType, eventTypePrefix, tags, match },
    since: from,
    until: to,
    signal,
    isWhole: tags.length === 0 && conditions.every((condition) => condition === undefined),
  };
}

/** Of events of some types; of all where none is given. */
export function typesSelection(
  { tenantId, since, until, signal }: AnalyticsRange,
  eventTypes: readonly string[],
): Selection {
  const match = eventTypes.length === 0 ? undefined : { eventTypes: [...new Set(eventTypes)] };
  return selectionOf({ tenantId, since, until, signal, match });
}

/** The bounds of a selection, or the times of the first and last event where it has none. */
export function timeRangeOf({ since, until }: Selection, first: number, last: number): TimeRange {
  return {
    from: numberOrNull(Number.isNaN(since) ? first : since),
    to: numberOrNull(Number.isNaN(until) ? last : until),
  };
}

export function numberOrNull(number: number): number | null {
  return Number.isNaN(number) ? null : number;
}

export function percentageOf(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.min((part * 100) / whole, 100);
}

export function secondsOf(
  value: number | undefined,
  usual: number,
  { name, max }: { readonly name: string; readonly max: number },
): number {
  return checkedLimit(value ?? usual, 1, max, name);
}

/** A dotted path of a payload field. */
export function pathOf(text: unknown, field: string): readonly string[] {
  if (typeof text !== 'string') throw invalid(field, `expected a path, got ${typeof text}`);
  const problem = fieldPathProblem(text);
  if (problem !== undefined) throw invalid(field, problem);
  return fieldPath(text).map(({ name }) => name);
}

/** A name of an event type; what it may be is the engine's to know. */
export function typeOf(value: unknown, field: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw invalid(field, 'expected the name of an event type');
}

export function invalid(field: string, reason: string): AllSourceError {
  return fieldError('invalid_query', field, reason);
}

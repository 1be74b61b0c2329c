import type { JsonObject, JsonValue } from '../../domain/index.js';

// A pipeline as it was checked: every default is filled in. The wire has the same in snake_case.

/** Where a result goes. */
export type Output = EventOutput | TopicOutput | WebhookOutput;

/** A derived event in the store. */
export interface EventOutput {
  readonly type: 'event';
  readonly eventType: string;
  /** May have `{field.path}` placeholders, filled from the result. */
  readonly entityId: string;
}
/** Subscribers of a topic. */
export interface TopicOutput {
  readonly type: 'topic';
  readonly name: string;
}
export interface WebhookOutput {
  readonly type: 'webhook';
  readonly url: string;
  /** By which posts are signed: `whsec_` and base64 of 24-64 bytes; default one that is made. */
  readonly secret?: string;
}

export const comparisons = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte'] as const;
export const filterOps = [...comparisons, 'contains', 'in', 'exists'] as const;
export type FilterOp = (typeof filterOps)[number];

export interface FilterOperator {
  readonly type: 'filter';
  readonly field: string;
  readonly op: FilterOp;
  readonly value: JsonValue;
}

/** What a map does to its field; exactly one of these. */
export type MapAction =
  | { readonly transform: string }
  | { readonly rename: string }
  | { readonly remove: true }
  | { readonly set: JsonValue };

export type MapOperator = MapAction & { readonly type: 'map'; readonly field: string };

export const aggregateFunctions = [
  'count',
  'sum',
  'avg',
  'min',
  'max',
  'distinct',
  'p50',
  'p95',
  'p99',
] as const;
export type AggregateFunction = (typeof aggregateFunctions)[number];

/** What is aggregated, and by which groups. */
export interface Aggregation {
  readonly function: AggregateFunction;
  /** Only `count` may be without one. */
  readonly field?: string;
  /** Empty where all items are one group. */
  readonly groupBy: readonly string[];
  /** Groups, or panes of a window, that are held at a time. */
  readonly maxGroups: number;
}

export interface ReduceOperator extends Aggregation {
  readonly type: 'reduce';
  /** What happens where one group more would be too many. */
  readonly onFull: 'evict' | 'fail';
}

export const calendarUnits = ['day', 'week', 'month'] as const;
export type CalendarUnit = (typeof calendarUnits)[number];

export type PaneRule =
  | { readonly windowType: 'tumbling'; readonly sizeSeconds: number }
  | {
      readonly windowType: 'tumbling';
      readonly calendarUnit: CalendarUnit;
      /** IANA name. */
      readonly timeZone: string;
    }
  | {
      readonly windowType: 'sliding';
      readonly sizeSeconds: number;
      readonly slideSeconds: number;
    }
  | { readonly windowType: 'session'; readonly sessionTimeoutSeconds: number };

export type WindowConfig = PaneRule & {
  readonly allowedLatenessSeconds: number;
  /** Where the time of an item is; the store's timestamp where it is left out. */
  readonly timeField?: string;
};

export interface WindowOperator {
  readonly type: 'window';
  readonly config: WindowConfig;
  readonly aggregation: Aggregation;
}

export type EnrichFrom =
  | { readonly type: 'entity_state'; readonly keyField: string }
  | { readonly type: 'projection'; readonly name: string; readonly keyField: string }
  | {
      readonly type: 'lookup_table';
      readonly keyField: string;
      readonly table: Readonly<Record<string, JsonObject>>;
    }
  | {
      readonly type: 'http';
      /** Has `{field.path}` placeholders behind its host. */
      readonly url: string;
      readonly timeoutMs: number;
      readonly cacheSeconds: number;
      /** What becomes of an item for which there was no answer in time, or none that can be used. */
      readonly onFailure: (typeof failureRules)[number];
    };

export const failureRules = ['fail', 'miss', 'wait'] as const;
export const missRules = ['pass', 'null', 'fail', 'drop'] as const;

export interface EnrichOperator {
  readonly type: 'enrich';
  readonly source: EnrichFrom;
  /** Names that are copied from what was found; empty for all. */
  readonly fields: readonly string[];
  /** Path below which they are put; the root where it is left out. */
  readonly into?: string;
  readonly onMiss: (typeof missRules)[number];
}

export interface BranchOperator {
  readonly type: 'branch';
  readonly field: string;
  readonly branches: Readonly<Record<string, Output>>;
  readonly default?: Output;
}

export type Operator =
  FilterOperator | MapOperator | ReduceOperator | WindowOperator | EnrichOperator | BranchOperator;

export interface PipelineDefinition {
  readonly name: string;
  readonly description?: string;
  readonly tenantId: string;
  /** Event types, or prefixes as `order.*`; empty for all. */
  readonly sourceEventTypes: readonly string[];
  readonly operators: readonly Operator[];
  readonly enabled: boolean;
  /** Not used where the last operator is a branch. */
  readonly output: Output;
}

import type { JsonObject } from '../../domain/index.js';
import type {
  AggregateFunction,
  CalendarUnit,
  EnrichOperator,
  EventOutput,
  TopicOutput,
  WebhookOutput,
} from '../definition/types.js';

// What the builder takes: the fields of a definition, so that wrong combinations do not compile.

/** A whole number of seconds, told in one unit. */
export type Duration =
  | { readonly seconds: number }
  | { readonly minutes: number }
  | { readonly hours: number }
  | { readonly days: number };

export type TransformText =
  | 'uppercase'
  | 'lowercase'
  | 'trim'
  | 'round'
  | `${'multiply' | 'add' | 'subtract' | 'divide' | 'round'}:${number}`;

/** What is aggregated; every function but `count` needs a field. */
export type AggregationSpec = {
  /** Default: all items are one group. */
  readonly groupBy?: string | readonly string[];
  /** Groups, or panes of a window, that are held at a time; default 10 000. */
  readonly maxGroups?: number;
} & (
  | { readonly function: 'count'; readonly field?: string }
  | { readonly function: Exclude<AggregateFunction, 'count'>; readonly field: string }
);

export type ReduceSpec = AggregationSpec & {
  /** Where one group more would be too many; default `evict`, the one updated longest ago. */
  readonly onFull?: 'evict' | 'fail';
};

/** Fields of the kinds of windows, of which each takes its own only. */
type PaneSpec<Own> = Own & {
  readonly [name in Exclude<PaneField, keyof Own>]?: never;
};
type PaneField = 'tumbling' | 'calendar' | 'timeZone' | 'sliding' | 'every' | 'session';

export type WindowSpec = {
  /** How long after a later item an earlier one may still come; default none. */
  readonly lateness?: Duration;
  /** Where the time of an item is; default the store's timestamp. */
  readonly timeField?: string;
} & (
  | PaneSpec<{ readonly tumbling: Duration }>
  | PaneSpec<{ readonly calendar: CalendarUnit; readonly timeZone?: string }>
  | PaneSpec<{ readonly sliding: Duration; readonly every: Duration }>
  | PaneSpec<{ readonly session: Duration }>
);

export type EnrichFromSpec =
  | { readonly type: 'entity_state'; readonly keyField: string }
  | { readonly type: 'projection'; readonly name: string; readonly keyField: string }
  | {
      readonly type: 'lookup_table';
      readonly keyField: string;
      readonly table: Readonly<Record<string, JsonObject>>;
    }
  | {
      readonly type: 'http';
      readonly url: string;
      /** Default 2 000. */
      readonly timeoutMs?: number;
      /** Default 60. */
      readonly cacheSeconds?: number;
      /** Default `fail`. */
      readonly onFailure?: 'fail' | 'miss' | 'wait';
    };

export interface EnrichSpec {
  readonly source: EnrichFromSpec;
  /** Default: all that it finds. */
  readonly fields?: readonly string[];
  /** Default: the root of the value. */
  readonly into?: string;
  /** Default `pass`. */
  readonly onMiss?: EnrichOperator['onMiss'];
}

export type EventOutputSpec = Omit<EventOutput, 'type' | 'entityId'> & {
  /** Default `pipeline-<name>`. */
  readonly entityId?: string;
};

/** A text is the name of a topic. */
export type OutputSpec =
  string | TopicOutput | WebhookOutput | ({ readonly type: 'event' } & EventOutputSpec);

export interface PipelineOptions {
  readonly description?: string;
  /** Default `default`. */
  readonly tenantId?: string;
  /** Default true. */
  readonly enabled?: boolean;
}

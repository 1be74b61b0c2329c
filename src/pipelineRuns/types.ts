import type { JsonObject, JsonValue, NewEvent } from '../domain/index.js';
import type { BytesChunk, Deliveries, SubscribeOptions } from '../eventStore/index.js';
import type { CreatedWebhook } from '../webhooks/index.js';
import type {
  Dropped,
  Emission,
  PipelineDefinition,
  PipelineStatistics,
} from '../pipelines/index.js';

export interface OfTenant {
  readonly tenantId?: string | undefined;
}

/** `running`; `paused`: until it is resumed, or made with `enabled: false`; `failed`: see `failure`. */
export type PipelineStatus = 'running' | 'paused' | 'failed';

export interface PipelineInfo {
  readonly id: string;
  readonly tenantId: string;
  readonly name: string;
  readonly status: PipelineStatus;
  /** Null where this version of the store can't read it: see `failure`. */
  readonly definition: PipelineDefinition | null;
  /** All events up to here were processed. */
  readonly position: number;
  /** Positions between it and the end of the log. */
  readonly lag: number;
  /** Since it was made or reset, over restarts. */
  readonly statistics: PipelineStatistics;
  /** Time of the last event that it processed, in microseconds; null where there is none yet. */
  readonly lastProcessed: number | null;
  /**
   * Why it does not go on now; it tries again, unless its record can't be used: then when it is resumed.
   * Null where it goes on.
   */
  readonly failure: string | null;
}

/** A pipeline that was just made, with the webhooks that were made for its outputs. */
export interface CreatedPipeline extends PipelineInfo {
  /** One for each URL, with its secret, which is not told again; none where the pipeline was there. */
  readonly webhooks: readonly Pick<CreatedWebhook, 'name' | 'url' | 'secret'>[];
}

/** An event that a pipeline could not process, or that came too late. */
export interface DroppedEvent {
  readonly position: number;
  readonly outcome: 'failed' | 'late';
  /** Names the operator, and never a value. */
  readonly reason: string;
}

/** What came out at a topic. */
export interface TopicMessage {
  readonly topic: string;
  readonly pipeline: string;
  /** The same however often it was made. */
  readonly id: string;
  readonly value: JsonValue;
  /** Of the event, or the end of the pane; microseconds. */
  readonly time: number;
  /** Where it is in the log: what follows begins behind it. */
  readonly position: number;
}

export interface TopicOptions extends OfTenant {
  /**
   * Where to begin: `now` (the default; what comes out after this call), `beginning`, the first position
   * wanted, or a time at which messages were written: microseconds or RFC 3339 text.
   */
  readonly from?: SubscribeOptions['from'];
  /** Ends the subscription without an error. */
  readonly signal?: AbortSignal | undefined;
}

export interface TestedPipeline {
  readonly emissions: readonly Emission[];
  readonly dropped: readonly Dropped[];
  readonly statistics: PipelineStatistics;
}

export interface CreatePipelineOptions {
  /** 1-64 letters, digits, `.`, `_` and `-`, and not `stats`; default a UUID. */
  readonly id?: string | undefined;
  /** Which events: all from now on, which is the default, or all that the log has too. */
  readonly from?: 'beginning' | 'now' | undefined;
}

/** The pipelines of a store. They run behind the log, and neither slow nor fail an append. */
export interface Pipelines {
  /**
   * Registers a pipeline, which runs from then on. A definition is one of the builder's, or the JSON of
   * the wire. Rejects with `validation_error`, where all that is wrong is told, `pipeline_exists`, and
   * `webhook_exists` where there is a webhook of a name that it needs.
   */
  create(
    definition: PipelineDefinition | JsonObject,
    options?: CreatePipelineOptions,
  ): Promise<CreatedPipeline>;
  list(options?: OfTenant): Promise<readonly PipelineInfo[]>;
  /** Rejects with `pipeline_not_found`, as all that follow. */
  get(id: string, options?: OfTenant): Promise<PipelineInfo>;
  /** Its webhooks go with it; results that they have not posted are not posted any more. */
  delete(id: string, options?: OfTenant): Promise<void>;
  /** Does nothing until it is resumed, after a restart too. */
  pause(id: string, options?: OfTenant): Promise<PipelineInfo>;
  resume(id: string, options?: OfTenant): Promise<PipelineInfo>;
  /** Forgets its groups, panes and statistics; goes on with the events that follow. */
  reset(id: string, options?: OfTenant): Promise<PipelineInfo>;
  /** The last events that failed or were late, newest first; since the store was opened. */
  dropped(id: string, options?: OfTenant): Promise<readonly DroppedEvent[]>;
  /** What would come of up to 10 000 events; nothing is stored, and its state is not touched. */
  test(id: string, events: readonly NewEvent[], options?: OfTenant): Promise<TestedPipeline>;
  /**
   * What comes out at a topic, each message once and in order. One that goes on later begins at the
   * `position` of the last message + 1. Throws `invalid_query` and `store_closed`; for one reader.
   */
  subscribe(topic: string, options?: TopicOptions): AsyncIterable<TopicMessage>;
}

/** What `enrich` from http asked for since the store was opened, and what was answered from the cache. */
export interface LookupCounts {
  readonly found: number;
  /** The server said that there is nothing. */
  readonly missing: number;
  /** No answer in time, or none that can be used. */
  readonly failed: number;
  readonly cached: number;
}

/** `lines`: one of JSON for each message; `list`: the members of a JSON array, commas between. */
export type TopicForm = 'lines' | 'list';

/** Those of a store in this process. */
export interface EmbeddedPipelines extends Pipelines {
  /**
   * Resolves once all events that the log has now are processed, panes are closed whose time has come by
   * the clock of the store, and what came out is durable. Rejects with `pipeline_not_found`, `aborted`,
   * and with `unprocessable` where the pipeline does not run.
   */
  flush(
    id: string,
    options?: OfTenant & { readonly signal?: AbortSignal | undefined },
  ): Promise<void>;
  /** Of all pipelines, for `/metrics`. */
  readonly lookups: LookupCounts;
  /** Of all tenants, for `/metrics`. */
  all(): Promise<readonly PipelineInfo[]>;
  /**
   * The messages of a topic as bytes in the wire names, for servers. Not part of the stable API.
   * @internal
   */
  readonly wire: {
    follow(topic: string, options: TopicOptions, form: TopicForm): Deliveries<BytesChunk>;
  };
}

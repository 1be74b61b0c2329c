import type { JsonObject, JsonValue, StoredEvent, SubscriptionFilter } from '../domain/index.js';
import type { ProjectionDeclaration } from './declarative.js';
import type { ProjectionStorage } from './storage/types.js';

/**
 * What becomes of an event whose handler fails: `stop` the projection (the default), `park` the event
 * and go on, or `retry` it with growing pauses, for ever.
 */
export type ErrorPolicy = 'stop' | 'park' | 'retry';

/** Where a thread finds a projection that is code. */
export interface ProjectionModule {
  /** `import.meta.url` of the module that makes it: a thread imports it, so it must do nothing else. */
  readonly module: string;
  /** Name under which the module exports it. */
  readonly export: string;
}

/** How states come from events. Made by `defineProjection`, or from a declarative definition. */
export interface Projection<S = unknown> {
  readonly name: string;
  readonly version: number;
  readonly onError: ErrorPolicy;
  /** Which events it is about. */
  readonly filter: SubscriptionFilter;
  /** The definition that it was made of, where that is data; null where it is code. */
  readonly declaration: JsonValue;
  /** Whether events are read with payload and metadata; otherwise both are null. */
  readonly readsPayload: boolean;
  /** True where keys are the ids of entities; otherwise every thread of a replay parses all events. */
  readonly isKeyedByEntity?: boolean | undefined;
  /** Says that replays may fold its keys in threads. */
  readonly partitions?: ProjectionModule | undefined;
  handles(eventType: string): boolean;
  /** The key whose state an event changes; null where it changes none. */
  keyOf(event: StoredEvent): string | null;
  init(key: string): S;
  /** The state after an event; null where the key is to be removed. */
  apply(state: S, event: StoredEvent): S | null;
}

/**
 * `created`: recorded, and nothing was written of it yet; it does not run in this process. `running`.
 * `paused`: until it is resumed. `stopped`: its code was not started in this process, or was stopped.
 * `failed`: an event could not be handled, see `failure`. `rebuilding`: a new set of states is being
 * built; the one before is still read.
 */
export type ProjectionStatus =
  'created' | 'running' | 'paused' | 'stopped' | 'failed' | 'rebuilding';

export interface ProjectionInfo {
  readonly name: string;
  readonly tenantId: string;
  readonly version: number;
  readonly kind: 'code' | 'declarative' | 'built_in';
  readonly status: ProjectionStatus;
  /** All events up to here are in the states. */
  readonly position: number;
  /** Positions between it and the end of the log. */
  readonly lag: number;
  /** Since the projection was started in this process, as `eventsFailed`. */
  readonly eventsProcessed: number;
  readonly eventsFailed: number;
  /** Events that were left out because their handler failed. */
  readonly eventsParked: number;
  /** Why it does not go on; null where it does. */
  readonly failure: ProjectionFailure | null;
  /** How far a rebuild is; null where there is none. */
  readonly rebuild: RebuildInfo | null;
}

export interface ProjectionFailure {
  /** Of the event; 0 where it was none, but the storage. */
  readonly position: number;
  readonly reason: string;
}

export interface RebuildInfo {
  readonly version: number;
  readonly position: number;
  /** Position that has to be reached. */
  readonly goal: number;
}

/** How the states of a rebuild compared with those before, where both are of one version. */
export interface RebuildReport {
  readonly keys: number;
  /** Keys whose states differ: their handlers are not pure, or a state was damaged. */
  readonly different: readonly string[];
}

export interface ProjectionOptions {
  /** Whose events; default `default`. */
  readonly tenantId?: string | undefined;
  /** Where states are kept; default the store's own log. */
  readonly storage?: ProjectionStorage | undefined;
}

export interface ProjectedState<S> {
  readonly key: string;
  readonly state: S;
  /** All events up to here are in the state. */
  readonly position: number;
}

export interface StateListOptions {
  readonly prefix?: string | undefined;
  /** Default 100, at most 10 000. */
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export interface StatePage<S> {
  readonly states: readonly { readonly key: string; readonly state: S }[];
  readonly position: number;
  readonly nextCursor: string | null;
}

export interface ParkedEvent {
  readonly position: number;
  readonly reason: string;
}

export interface OfTenant {
  readonly tenantId?: string | undefined;
}

/** The projections of a store, by name. */
export interface Projections {
  /**
   * Makes a projection that is data, or a new version of it; it goes on whenever the store is open. One that
   * runs as it is declared is left alone.
   * Rejects with `validation_error`, `projection_conflict`.
   */
  declare(
    declaration: ProjectionDeclaration,
    options?: OfTenant,
  ): Promise<ProjectionHandle<JsonObject>>;
  /** Those of a tenant by name; `entity_snapshots` and `event_counters` are always there. */
  list(options?: OfTenant): Promise<readonly ProjectionInfo[]>;
  /** Rejects with `projection_not_found`. */
  get(name: string, options?: OfTenant): Promise<ProjectionHandle>;
  /** Its states are not read any more. */
  delete(name: string, options?: OfTenant): Promise<void>;
}

/** Those of a store in this process. */
export interface EmbeddedProjections extends Projections {
  /**
   * Keeps the states of a projection that is code up to date from now on; goes on where it was. One of a
   * newer version is built beside the one before, which is read until then. Rejects with
   * `projection_conflict`.
   */
  start<S>(projection: Projection<S>, options?: ProjectionOptions): Promise<ProjectionHandle<S>>;
  /** Of all tenants, for `/metrics`. */
  all(): Promise<readonly ProjectionInfo[]>;
}

/** A projection of a store. */
export interface ProjectionHandle<S = unknown> {
  readonly name: string;
  info(): Promise<ProjectionInfo>;
  /** The state of a key; undefined where it has none. */
  get(key: string): Promise<ProjectedState<S> | undefined>;
  list(options?: StateListOptions): Promise<StatePage<S>>;
  /**
   * Resolves once all events up to a position are in the states: read your own writes by the position
   * that an append gave. Rejects with `aborted`, `store_closed`, `projection_stopped`.
   */
  waitFor(position: number, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /** Events that were left out, oldest first. */
  parked(): Promise<readonly ParkedEvent[]>;
  /** Writes what it has, and does nothing until it is resumed, after a restart too. */
  pause(): Promise<void>;
  /** Goes on; one that failed tries the event again. */
  resume(): Promise<void>;
  /**
   * Builds all states anew beside those that are read, and then puts them in their place in one step.
   * Resolves when that is done.
   */
  rebuild(options?: { readonly signal?: AbortSignal | undefined }): Promise<RebuildReport>;
  /** The same, and resolves once it is recorded: it goes on by itself then, after a restart too. */
  beginRebuild(): Promise<{ readonly done: Promise<RebuildReport> }>;
  /** Writes what it has and ends; `start` goes on from there. */
  stop(): Promise<void>;
}

import type { JsonValue } from '../../domain/index.js';

/** One set of states: a rebuild makes another one beside it. */
export interface StateSpace {
  readonly tenantId: string;
  readonly projection: string;
  /** Number of the set, from 1. */
  readonly generation: number;
}

export interface StateChange {
  readonly key: string;
  /** JSON text; undefined where the key is removed. */
  readonly text: string | undefined;
}

export interface StateCommit {
  readonly changes: readonly StateChange[];
  /** All events up to here are in the states. */
  readonly position: number;
  /** Events that were left out since the commit before. */
  readonly parked: readonly { readonly position: number; readonly reason: string }[];
}

export interface StoredStates {
  readonly states: readonly { readonly key: string; readonly state: JsonValue }[];
  /** Where the next page begins; null on the last one. */
  readonly next: string | null;
}

/** Where a projection keeps its states. Calls for one space come one after the other. */
export interface ProjectionStorage {
  /** What a space has: position 0 where nothing was committed yet. */
  open(space: StateSpace): Promise<{ readonly position: number; readonly parked: number }>;
  /** States in the order of the keys; undefined where a key has none. */
  load(space: StateSpace, keys: readonly string[]): Promise<readonly (JsonValue | undefined)[]>;
  /** Changes and position become durable together, or neither does. */
  commit(space: StateSpace, commit: StateCommit): Promise<void>;
  /** Keys that begin with a prefix. `from` is what `next` of the page before was. */
  list(
    space: StateSpace,
    page: { readonly prefix: string; readonly from: string | null; readonly limit: number },
  ): Promise<StoredStates>;
  parked(
    space: StateSpace,
  ): Promise<readonly { readonly position: number; readonly reason: string }[]>;
  /** The space is not read any more. */
  drop(space: StateSpace): Promise<void>;
  /** Records again what it has, before the log that it may be in is dropped up to now. */
  rewrite?(space: StateSpace): Promise<void>;
}

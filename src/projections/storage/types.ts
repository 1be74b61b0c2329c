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
  /** The position that the space must be at: the changes were made of the states there. */
  readonly after: number;
  /** All events up to here are in the states. */
  readonly position: number;
  /** Id of the event at the position; null where it was dropped from the log, or is not kept. */
  readonly eventId: string | null;
  /** Events that were left out since the commit before. */
  readonly parked: readonly { readonly position: number; readonly reason: string }[];
}

/** What a space has. */
export interface KeptStates {
  /** Of the last commit; 0 where there was none. */
  readonly position: number;
  /** How many events were left out. */
  readonly parked: number;
  /** Of the last commit. A storage that may outlive the log keeps it, so that another log is told from it. */
  readonly eventId?: string | null | undefined;
}

export interface StoredStates {
  readonly states: readonly { readonly key: string; readonly state: JsonValue }[];
  /** Where the next page begins; null on the last one. */
  readonly next: string | null;
}

/** Where a projection keeps its states. Calls for one space come one after the other. */
export interface ProjectionStorage {
  /** False where a space is in the log itself: commits have no event id then. Default true. */
  keepsEventId?(space: StateSpace): boolean;
  open(space: StateSpace): Promise<KeptStates>;
  /** States in the order of the keys; undefined where a key has none. */
  load(space: StateSpace, keys: readonly string[]): Promise<readonly (JsonValue | undefined)[]>;
  /**
   * Changes and position become durable together, or neither does. Rejects, and changes nothing, where the
   * space is not at `after`: it was restored meanwhile, or somebody else writes it.
   */
  commit(space: StateSpace, commit: StateCommit): Promise<void>;
  /** Keys that begin with a prefix, in an order of the storage. `from` is `next` of the page before. */
  list(
    space: StateSpace,
    page: { readonly prefix: string; readonly from: string | null; readonly limit: number },
  ): Promise<StoredStates>;
  parked(
    space: StateSpace,
  ): Promise<readonly { readonly position: number; readonly reason: string }[]>;
  /**
   * The space is the one of its projection that is read from now on. Called at each start and after a
   * rebuild, until it resolves.
   */
  activate?(space: StateSpace): Promise<void>;
  /** The space and those of its projection with lower generations are not read any more. */
  drop(space: StateSpace): Promise<void>;
  /** Records again what it has, before the log that it may be in is dropped up to now. */
  rewrite?(space: StateSpace): Promise<void>;
}

import type { JsonObject, Reducer } from '../domain/index.js';
import type {
  EntityState,
  ReducedState,
  ReducedStateOptions,
  StateOptions,
  SystemAccess,
} from '../eventStore/index.js';
import { AllSourceError } from '../domain/index.js';
import { AutomaticSnapshots } from './automaticSnapshots.js';
import type { checkedPolicy } from './policy.js';
import { ReducedStates } from './reducedStates.js';
import type { Reducers } from './reducers.js';
import { SnapshotStore } from './snapshotStore.js';
import { stateText } from './stateText.js';

export interface EntityStatesOptions {
  readonly reducers: Reducers;
  readonly policy: ReturnType<typeof checkedPolicy>;
  /** Whether snapshots can be made. */
  readonly isWritable: boolean;
}

/** States of entities: merged by the engine or made by reducers, with the snapshots of both. */
export class EntityStates {
  readonly snapshots: SnapshotStore;
  readonly #log: SystemAccess;
  readonly #reducers: Reducers;
  readonly #reduced: ReducedStates;
  readonly #automatic: AutomaticSnapshots | undefined;

  constructor(log: SystemAccess, { reducers, policy, isWritable }: EntityStatesOptions) {
    this.#log = log;
    this.#reducers = reducers;
    this.#reduced = new ReducedStates(log);
    const { perEntityMax, eventThreshold, timeThresholdSeconds } = policy;
    const parts = { reducers: this.#reducers, reduced: this.#reduced, perEntityMax };
    this.snapshots = new SnapshotStore(log, parts);
    if (!policy.automatic || !isWritable) return;
    const options = { eventThreshold, timeThresholdMs: timeThresholdSeconds * 1000 };
    this.#automatic = new AutomaticSnapshots(log, this.snapshots, options);
    log.onStateRead(({ tenantId, entityId, merge, ...end }, { folded }) => {
      const isOfNow = Number.isNaN(end.asOfMicros) && Number.isNaN(end.version);
      if (isOfNow) this.#automatic?.noteState({ tenantId, entityId, merge }, folded);
    });
  }

  reducerOf(entityId: string): Reducer | undefined {
    return typeof entityId === 'string' ? this.#reducers.of(entityId) : undefined;
  }

  async stateOf<S>(
    reducer: Reducer<S>,
    entityId: string,
    options: ReducedStateOptions,
  ): Promise<ReducedState<S>> {
    const { state, version, lastUpdated, folded } = await this.#reduced.read(
      reducer,
      entityId,
      options,
    );
    const { tenantId = 'default', asOf, version: wanted } = options;
    const isOfNow = asOf === undefined && wanted === undefined;
    // Of another reducer than the registered one no snapshot is made.
    if (isOfNow && this.#reducers.of(entityId) === reducer) {
      this.#automatic?.noteState({ tenantId, entityId, merge: 'shallow' }, folded);
    }
    return { entityId, state, version, lastUpdated };
  }

  /** The document of an entity that has a reducer, whose state stands in the place of the merged one. */
  async document(
    reducer: Reducer,
    entityId: string,
    options: StateOptions,
  ): Promise<Buffer | undefined> {
    if (options.merge !== undefined) throw noMerge(reducer);
    const document = await this.#log.stateDocument(entityId, options);
    if (document === undefined) return undefined;
    const { tenantId } = options;
    const at = { tenantId, version: document.version };
    const merged = await this.#log.mergedState(entityId, at);
    const { state } = await this.#reduced.read(reducer, entityId, at);
    const name = '"current_state":';
    // Before it stand only numbers and escaped texts.
    const begin = document.bytes.indexOf(name) + name.length;
    const end = begin + (merged?.bytes.length ?? 0);
    return Buffer.concat([
      document.bytes.subarray(0, begin),
      stateText(reducer, state),
      document.bytes.subarray(end),
    ]);
  }

  /** The same for callers of this process: `merged` is the state of the engine. */
  async reduced(
    reducer: Reducer,
    merged: EntityState,
    options: StateOptions,
  ): Promise<EntityState> {
    if (options.merge !== undefined) throw noMerge(reducer);
    const { entityId, version } = merged;
    const { state } = await this.stateOf(reducer, entityId, {
      tenantId: options.tenantId,
      version,
    });
    return { ...merged, currentState: state as JsonObject };
  }

  async close(): Promise<void> {
    await this.#automatic?.close();
  }
}

function noMerge({ entityType }: Reducer): AllSourceError {
  const reason = `entities of the type ${entityType} have a reducer, which makes their state`;
  return new AllSourceError('invalid_query', `merge: ${reason}`, {
    details: [{ field: 'merge', reason }],
  });
}

import type { JsonObject, Reducer } from '../domain/index.js';
import type {
  EntityState,
  ReducedState,
  ReducedStateOptions,
  StateOptions,
  SystemAccess,
} from '../eventStore/index.js';
import { AllSourceError, entityNotFound } from '../domain/index.js';
import { reducedSnapshotType } from '../eventStore/index.js';
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
      const kind = merge === 'none' ? 'shallow' : merge;
      if (isOfNow) this.#automatic?.noteState({ tenantId, entityId, merge: kind }, folded);
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

  /** The document of an entity that has a reducer, in the wire names. */
  async document(
    reducer: Reducer,
    entityId: string,
    options: StateOptions,
  ): Promise<Buffer | undefined> {
    const made = await this.#reducedDocument(reducer, entityId, { ...options, form: 'wire' });
    if (made === undefined) return undefined;
    const { bytes, state } = made;
    const name = '"current_state":';
    // Before it stand only numbers and escaped texts, and behind it null.
    const begin = bytes.indexOf(name) + name.length;
    const end = begin + 'null'.length;
    return Buffer.concat([
      bytes.subarray(0, begin),
      stateText(reducer, state),
      bytes.subarray(end),
    ]);
  }

  /** The same for callers of this process. */
  async state(reducer: Reducer, entityId: string, options: StateOptions): Promise<EntityState> {
    const made = await this.#reducedDocument(reducer, entityId, { ...options, form: 'api' });
    if (made === undefined) throw entityNotFound(entityId, options);
    // The engine wrote this text; its shape is that of EntityState, but for the state.
    const document = JSON.parse(made.bytes.toString()) as EntityState;
    return { ...document, currentState: made.state as JsonObject };
  }

  async close(): Promise<void> {
    await this.#automatic?.close();
  }

  async #reducedDocument(
    reducer: Reducer,
    entityId: string,
    { form, ...options }: StateOptions & { readonly form: 'wire' | 'api' },
  ): Promise<{ readonly bytes: Buffer; readonly state: unknown } | undefined> {
    if (options.merge !== undefined) throw noMerge(reducer);
    const snapshotType = reducedSnapshotType(reducer);
    const document = await this.#log.unmergedDocument(entityId, options, { form, snapshotType });
    if (document === undefined) return undefined;
    const { bytes, version } = document;
    const now = await this.#reduced.read(reducer, entityId, options);
    if (now.version === version) return { bytes, state: now.state };
    // There were appends in between.
    const { tenantId } = options;
    const { state } = await this.#reduced.read(reducer, entityId, { tenantId, version });
    return { bytes, state };
  }
}

function noMerge({ entityType }: Reducer): AllSourceError {
  const reason = `entities of the type ${entityType} have a reducer, which makes their state`;
  return new AllSourceError('invalid_query', `merge: ${reason}`, {
    details: [{ field: 'merge', reason }],
  });
}

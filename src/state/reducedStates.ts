import { entityNotFound } from '../domain/index.js';
import type { Reducer } from '../domain/index.js';
import {
  endOf,
  reducedSnapshotType,
  snapshotTenantOf,
  tenantOf,
  textOf,
} from '../eventStore/index.js';
import type {
  EntityPlace,
  ReducedState,
  ReducedStateOptions,
  SystemAccess,
} from '../eventStore/index.js';
import { metadataOf } from './snapshotEvent.js';

export interface FoldedState<S> extends ReducedState<S> {
  /** Of the last event. */
  readonly position: number;
  /** Events that no snapshot had. */
  readonly folded: number;
}

/** States that reducers make, on from the newest snapshot that is of the same reducer and version. */
export class ReducedStates {
  readonly #log: SystemAccess;

  constructor(log: SystemAccess) {
    this.#log = log;
  }

  async read<S>(
    reducer: Reducer<S>,
    entityId: string,
    options: ReducedStateOptions,
  ): Promise<FoldedState<S>> {
    const tenantId = tenantOf(options.tenantId);
    const { asOfMicros: untilMicros, version } = endOf(options);
    const lastPosition = Number.isNaN(version)
      ? this.#log.watermark
      : this.#log.positionOfVersion(tenantId, textOf(entityId, 'entity_id'), version);
    const place = { tenantId, entityId: textOf(entityId, 'entity_id'), lastPosition, untilMicros };
    const state = lastPosition === 0 ? undefined : await this.#fold(reducer, place);
    if (state === undefined) throw entityNotFound(entityId, options);
    return state;
  }

  async #fold<S>(reducer: Reducer<S>, place: EntityPlace): Promise<FoldedState<S> | undefined> {
    let { state, version, position, lastUpdated } = await this.#begin(reducer, place);
    let folded = 0;
    for await (const events of this.#log.eventsOf({ ...place, firstPosition: position + 1 })) {
      for (const event of events) {
        state = reducer.apply(state, event);
        ({ version, position, timestamp: lastUpdated } = event);
      }
      folded += events.length;
    }
    if (version === 0) return undefined;
    return { entityId: place.entityId, state, version, lastUpdated, position, folded };
  }

  async #begin<S>(reducer: Reducer<S>, place: EntityPlace) {
    const snapshot = await this.#log.newest({
      ...place,
      tenantId: snapshotTenantOf(place.tenantId),
      eventType: reducedSnapshotType(reducer),
    });
    if (snapshot === undefined) {
      return { state: reducer.init(), version: 0, position: 0, lastUpdated: 0 };
    }
    const { version, position, timestamp } = metadataOf(snapshot);
    // What was written as the state of this reducer and version.
    return { state: snapshot.payload as S, version, position, lastUpdated: timestamp };
  }
}

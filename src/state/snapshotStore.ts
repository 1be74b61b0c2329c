import { AllSourceError, entityNotFound } from '../domain/index.js';
import type { JsonValue, Reducer } from '../domain/index.js';
import {
  mergedSnapshotType,
  reducedSnapshotType,
  snapshotTenantOf,
  tenantOf,
  textOf,
} from '../eventStore/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import type { ReducedStates } from './reducedStates.js';
import type { Reducers } from './reducers.js';
import { infoOf, snapshotText, stateOf } from './snapshotEvent.js';
import type { SnapshotContent } from './snapshotEvent.js';
import { stateText } from './stateText.js';
import type {
  EmbeddedSnapshots,
  OfTenant,
  Snapshot,
  SnapshotBytes,
  SnapshotCounters,
  SnapshotInfo,
  SnapshotListOptions,
  SnapshotPage,
  SnapshotType,
  SnapshotWire,
} from './types.js';

/** Tenants whose snapshots are counted; further ones are not. */
const countedTenantsMax = 1000;

/** What a snapshot is to be made of. */
export interface SnapshotOrder {
  readonly tenantId: string;
  readonly entityId: string;
  readonly kind: SnapshotType;
  /** How payloads are merged, where the entity has no reducer. */
  readonly merge: 'shallow' | 'deep';
  /** Events that must be newer than the last snapshot; none is made where there are fewer. */
  readonly newEventsMin: number;
}

/** A state that is to be kept, and how many of its events no snapshot has. */
type Kept = Omit<SnapshotContent, 'kind' | 'bytes'> & { readonly folded: number };

/** Makes, lists and reads snapshots, which are events of a tenant of the store's own. */
export class SnapshotStore implements EmbeddedSnapshots {
  readonly wire: SnapshotWire = {
    latest: (entityId, options) => this.#latestBytes(entityId, options),
  };
  /** Told of each one that was made. */
  onMade: ((order: SnapshotOrder) => void) | undefined;
  readonly #log: SystemAccess;
  readonly #reducers: Reducers;
  readonly #reduced: ReducedStates;
  readonly #perEntityMax: number;
  readonly #countedTenants = new Set(['default']);
  readonly #counts = { created: 0, failed: 0, seconds: 0 };

  constructor(
    log: SystemAccess,
    options: { reducers: Reducers; reduced: ReducedStates; perEntityMax: number },
  ) {
    this.#log = log;
    this.#reducers = options.reducers;
    this.#reduced = options.reduced;
    this.#perEntityMax = options.perEntityMax;
  }

  async create(entityId: string, options: OfTenant = {}): Promise<SnapshotInfo> {
    const tenantId = tenantOf(options.tenantId);
    const order = {
      tenantId,
      entityId,
      kind: 'manual',
      merge: 'shallow',
      newEventsMin: 0,
    } as const;
    const made = await this.make(order);
    if (made === undefined) throw new Error('a snapshot that was asked for was not made');
    return made;
  }

  /** Undefined where the last snapshot is new enough. */
  async make(order: SnapshotOrder): Promise<SnapshotInfo | undefined> {
    const begin = performance.now();
    this.#log.mustBeOpen();
    this.#log.mustTakeAppends();
    const reducer = this.#reducers.of(textOf(order.entityId, 'entity_id'));
    const kept = await (reducer === undefined
      ? this.#merged(order)
      : this.#ofReducer(reducer, order));
    if (kept.folded < order.newEventsMin) return undefined;
    const content = { ...kept, kind: order.kind, bytes: kept.state.length };
    const { results } = await this.#log.appendTexts([snapshotText(content)], {
      withResults: true,
    });
    this.#counts.created += 1;
    this.#counts.seconds += (performance.now() - begin) / 1000;
    if (this.#countedTenants.size < countedTenantsMax) this.#countedTenants.add(order.tenantId);
    this.onMade?.(order);
    const { eventId = '', timestamp: createdAt = 0 } = results[0] ?? {};
    const { entityId, eventType, version, timestamp, bytes } = content;
    const metadata = { version, timestamp, kind: order.kind, bytes };
    return infoOf({ id: eventId, entityId, eventType, timestamp: createdAt, metadata });
  }

  noteFailure(): void {
    this.#counts.failed += 1;
  }

  async list(options: SnapshotListOptions = {}): Promise<SnapshotPage> {
    this.#log.mustBeOpen();
    const { entityId, limit, cursor } = options;
    const tenantId = snapshotTenantOf(tenantOf(options.tenantId));
    const page = await this.#log.newestPage(tenantId, { entityId, limit, cursor });
    // Newest first, but an earlier page may have had newer ones.
    const newest = new Map<string, number>();
    const snapshots: SnapshotInfo[] = [];
    for (const event of page.events) {
      const known = newest.get(event.entityId) ?? (await this.#newestOf(tenantId, event.entityId));
      newest.set(event.entityId, known);
      if (event.version > known - this.#perEntityMax) snapshots.push(infoOf(event));
    }
    return { snapshots, nextCursor: page.nextCursor };
  }

  async latest(entityId: string, options?: OfTenant): Promise<Snapshot> {
    const { info, state } = await this.#latestBytes(entityId, options);
    return { ...info, state: JSON.parse(state.toString()) as JsonValue };
  }

  /** Also once the store is closed: how its last snapshots went. */
  counters(): SnapshotCounters {
    return { ...this.#counts };
  }

  total(): number {
    this.#log.mustBeOpen();
    let total = 0;
    for (const tenantId of this.#countedTenants) {
      total += this.#log.eventCountOf(snapshotTenantOf(tenantId));
    }
    return total;
  }

  async #latestBytes(entityId: string, options: OfTenant = {}): Promise<SnapshotBytes> {
    this.#log.mustBeOpen();
    const tenantId = snapshotTenantOf(tenantOf(options.tenantId));
    const event = await this.#log.newest({ tenantId, entityId: textOf(entityId, 'entity_id') });
    if (event === undefined) {
      const name = JSON.stringify(entityId);
      throw new AllSourceError('snapshot_not_found', `entity ${name} has no snapshot`);
    }
    const info = infoOf(event);
    const { bytes } = await this.#log.bytesAt([event.position], 'lines');
    return { info, state: stateOf(bytes, info.sizeBytes) };
  }

  async #newestOf(tenantId: string, entityId: string): Promise<number> {
    return (await this.#log.newest({ tenantId, entityId }))?.version ?? 0;
  }

  async #merged({ tenantId, entityId, merge }: SnapshotOrder): Promise<Kept> {
    const answer = await this.#log.mergedState(entityId, { tenantId, merge });
    if (answer === undefined) throw entityNotFound(entityId, {});
    const { bytes: state, version, position, timestamp, folded } = answer;
    const eventType = mergedSnapshotType(merge);
    return { tenantId, entityId, eventType, state, version, position, timestamp, folded };
  }

  async #ofReducer(reducer: Reducer, { tenantId, entityId }: SnapshotOrder): Promise<Kept> {
    const reduced = await this.#reduced.read(reducer, entityId, { tenantId });
    const { version, position, lastUpdated: timestamp, folded } = reduced;
    const state = stateText(reducer, reduced.state);
    const eventType = reducedSnapshotType(reducer);
    return { tenantId, entityId, eventType, state, version, position, timestamp, folded };
  }
}

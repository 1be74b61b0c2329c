import type { JsonValue } from '../domain/index.js';

/** `manual`: asked for; `automatic`: at a threshold; `ondemand`: after a state that took long to make. */
export type SnapshotType = 'manual' | 'automatic' | 'ondemand';

export interface SnapshotInfo {
  /** UUID of the event that holds it. */
  readonly id: string;
  readonly entityId: string;
  /** Microseconds, as `asOf`. */
  readonly createdAt: number;
  /** Time of the last event that it has. */
  readonly asOf: number;
  /** Events that it has: it is the state at this version. */
  readonly eventCount: number;
  /** Bytes of the state as JSON. */
  readonly sizeBytes: number;
  readonly snapshotType: SnapshotType;
  /** What it is a snapshot of: `shallow` or `deep` merge, or a reducer with its version: `order.2`. */
  readonly stateOf: string;
}

export interface Snapshot extends SnapshotInfo {
  readonly state: JsonValue;
}

export interface SnapshotPage {
  /** Newest first; of each entity the newest ones only, see `perEntityMax`. */
  readonly snapshots: readonly SnapshotInfo[];
  readonly nextCursor: string | null;
}

export interface OfTenant {
  readonly tenantId?: string | undefined;
}

export interface SnapshotListOptions extends OfTenant {
  readonly entityId?: string | undefined;
  /** Default 100, at most 10 000. */
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** States of entities that are kept, so that later ones need not be made from the first event on. */
export interface Snapshots {
  /**
   * Makes one of the entity as it is now: of what its reducer makes, or of the merged payloads.
   * Rejects with `entity_not_found`; with `payload_too_large` where the state has more than 2 MiB.
   */
  create(entityId: string, options?: OfTenant): Promise<SnapshotInfo>;
  list(options?: SnapshotListOptions): Promise<SnapshotPage>;
  /** The newest one, of whatever kind. Rejects with `snapshot_not_found`. */
  latest(entityId: string, options?: OfTenant): Promise<Snapshot>;
}

/** Those of a store in this process. */
export interface EmbeddedSnapshots extends Snapshots {
  /**
   * For servers: the state as it is stored, numbers digit by digit. Not part of the stable API.
   * @internal
   */
  readonly wire: SnapshotWire;
  /** Since the store was opened, for `/metrics`. */
  counters(): SnapshotCounters;
  /**
   * Snapshots that the log has ever had, for `/metrics`: of the tenant `default`, and of the first 1 000
   * tenants for which some were made since the store was opened.
   */
  total(): number;
}

/** @internal */
export interface SnapshotWire {
  latest(entityId: string, options?: OfTenant): Promise<SnapshotBytes>;
}

/** @internal */
export interface SnapshotBytes {
  readonly info: SnapshotInfo;
  readonly state: Buffer;
}

export interface SnapshotCounters {
  readonly created: number;
  /** Those that were due and could not be made; each is tried again later. */
  readonly failed: number;
  /** Seconds that making them took, all together. */
  readonly seconds: number;
}

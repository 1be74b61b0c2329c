import type { JsonObject } from '../../../domain/index.js';
import type {
  ProjectionDeclaration,
  ProjectionFailure,
  ProjectionInfo,
  RebuildInfo,
} from '../../../projections/index.js';

/** A projection as the server sends it. */
export interface WireProjection {
  readonly name: string;
  readonly tenant_id: string;
  readonly version: number;
  readonly kind: ProjectionInfo['kind'];
  readonly status: ProjectionInfo['status'];
  readonly position: number;
  readonly lag: number;
  readonly stats: {
    readonly events_processed: number;
    readonly events_failed: number;
    readonly events_parked: number;
  };
  readonly failure: ProjectionFailure | null;
  readonly rebuild: RebuildInfo | null;
}

export function toProjection(projection: WireProjection): ProjectionInfo {
  const { stats } = projection;
  return {
    name: projection.name,
    tenantId: projection.tenant_id,
    version: projection.version,
    kind: projection.kind,
    status: projection.status,
    position: projection.position,
    lag: projection.lag,
    eventsProcessed: stats.events_processed,
    eventsFailed: stats.events_failed,
    eventsParked: stats.events_parked,
    failure: projection.failure,
    rebuild: projection.rebuild,
  };
}

export function fromDeclaration(
  declaration: ProjectionDeclaration,
  tenantId: string | undefined,
): JsonObject {
  const { name, version, sourceEventTypes, key, fields, onError } = declaration;
  // A declaration is data.
  return {
    name,
    version,
    tenant_id: tenantId,
    source_event_types: sourceEventTypes,
    key,
    fields: fields as unknown as JsonObject,
    on_error: onError,
  };
}

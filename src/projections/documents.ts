import type { ProjectionInfo } from './types.js';

/** A projection in the wire names. */
export function projectionDocument(info: ProjectionInfo) {
  return {
    name: info.name,
    tenant_id: info.tenantId,
    version: info.version,
    kind: info.kind,
    status: info.status,
    position: info.position,
    lag: info.lag,
    stats: {
      events_processed: info.eventsProcessed,
      events_failed: info.eventsFailed,
      events_parked: info.eventsParked,
    },
    failure: info.failure,
    rebuild: info.rebuild,
  };
}

/**
 * Snapshots of a tenant's entities are events of a tenant of the store's own, of an entity of the same
 * name. What one is a snapshot of is its event type.
 */
export function snapshotTenantOf(tenantId: string): string {
  return `$snapshots/${tenantId}`;
}

/** Of payloads merged key by key, or by RFC 7396. */
export function mergedSnapshotType(merge: 'shallow' | 'deep'): string {
  return `snapshot.${merge}`;
}

/** Of what a reducer made; another version is another type, so its snapshots are never met. */
export function reducedSnapshotType(reducer: {
  readonly entityType: string;
  readonly version: number;
}): string {
  return `snapshot.reducer.${reducer.entityType}.${reducer.version}`;
}

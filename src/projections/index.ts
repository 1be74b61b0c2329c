export { defineProjection } from './defineProjection.js';
export type { ProjectionDefinition, ProjectionHandlers } from './defineProjection.js';
export type { FieldFold, ProjectionDeclaration } from './declarative.js';
export { projectionDocument } from './documents.js';
/** For replays, which build the states of projections anew. */
export { mustBeWhole } from './managedProjection.js';
export type { ManagedProjection } from './managedProjection.js';
export type { Selection } from './record.js';
export { selectedEvents } from './run/projectionSource.js';
export { ProjectionRegistry } from './registry.js';
export type {
  ProjectionStorage,
  StateChange,
  StateCommit,
  StateSpace,
  StoredStates,
} from './storage/types.js';
export * from './types.js';

export { defineProjection } from './defineProjection.js';
export type { ProjectionDefinition, ProjectionHandlers } from './defineProjection.js';
export type { FieldFold, ProjectionDeclaration } from './declarative.js';
export { projectionDocument } from './documents.js';
export { ProjectionRegistry } from './registry.js';
export type {
  ProjectionStorage,
  StateChange,
  StateCommit,
  StateSpace,
  StoredStates,
} from './storage/types.js';
export * from './types.js';

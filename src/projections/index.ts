export { defineProjection } from './defineProjection.js';
export type { ProjectionDefinition, ProjectionHandlers } from './defineProjection.js';
export type { FieldFold, ProjectionDeclaration } from './declarative.js';
export { projectionDocument } from './documents.js';
/** For replays, which build the states of projections anew. */
export { mustBeWhole } from './record.js';
export type { ManagedProjection } from './managedProjection.js';
export type { Selection } from './record.js';
export { partitionsMax, usualPartitions } from './partitions/threadBudget.js';
export { selectedEvents } from './run/projectionSource.js';
export { ProjectionRegistry } from './registry.js';
export type { PostgresClient, PostgresPool } from './storage/sql/postgresConnection.js';
export { postgresStorage } from './storage/sql/postgresStorage.js';
export type { PostgresStorageOptions } from './storage/sql/postgresStorage.js';
export { sqliteStorage } from './storage/sql/sqliteStorage.js';
export type {
  SqliteDatabase,
  SqliteStatement,
  SqliteStorageOptions,
  SqliteValue,
} from './storage/sql/sqliteStorage.js';
export type {
  KeptStates,
  ProjectionStorage,
  StateChange,
  StateCommit,
  StateSpace,
  StoredStates,
} from './storage/types.js';
export * from './types.js';

export * from './types.js';
export type { ProofOptions } from './integrity/proofs.js';
/** For the server, which delivers what followers get. */
export type { Deliveries, Delivery, Follower } from './read/follower.js';
export type { BytesChunk, BytesForm, EventsForm, ObjectsChunk } from './read/reader.js';
/** For columns, and what is made of them. */
export type {
  ColumnName,
  ColumnRequest,
  ColumnsChunk,
  FieldType,
  RowsRange,
} from './read/columns.js';
/** For the parts that keep their state in the log. */
export { RecordedState } from './parts/recordedState.js';
export { readEntries, readRecords, recordEvent, textBatches } from './parts/records.js';
export type { RecordEntry } from './parts/records.js';
export { WakeUp } from './parts/wakeUp.js';
export { EventLines, linesOf } from './parts/eventLines.js';
export type { LinesSlice } from './parts/eventLines.js';
export { eventBytes, parseColumnRows, parseEvents, parseRows } from './parts/eventSource.js';
export type { EventBytes } from './parts/eventSource.js';
export { LogFiles } from './integrity/logFiles.js';
export { Rewrites } from './parts/rewrites.js';
export { SystemAccess, partitionedEvents } from './parts/systemAccess.js';
export type { PositionRange, EntityPlace } from './parts/systemAccess.js';
export type { PayloadGate, PayloadRefusal, PayloadViolation } from './append/payloadGate.js';
export { mergedSnapshotType, reducedSnapshotType, snapshotTenantOf } from './snapshotNames.js';
export { checkedLimit, microsOf, tenantOf, textOf } from './read/query.js';
export { endOf } from './read/stateRequest.js';
export type { StateAnswer } from './read/stateRequest.js';
export { openCore, repairStore } from './openCore.js';
export { NativeEventStore } from './nativeEventStore.js';
export type { StoreCore } from './storeCore.js';
/** For the server, which answers in the wire names. */
export { WireConditionError } from './append/conditionError.js';
/** For work that nobody waits for, as files that are made of the log. */
export { letOthersGoFirst } from '../engine/index.js';
/** Version of this package, for whoever names it: the server and the command line. */
export { packageVersion } from '../engine/index.js';
export type { EngineQuery } from './read/query.js';

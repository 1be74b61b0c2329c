export { partitionsMax } from '../projections/index.js';
export { batchEventsMax, workersMax } from './checkedRequest.js';
export { replayDocument } from './documents.js';
export { ReplayRegistry } from './registry.js';
export type {
  EmbeddedReplays,
  ReplayConfig,
  ReplayCounts,
  ReplayInfo,
  ReplayMode,
  ReplayRequest,
  ReplayStatus,
  Replays,
} from './types.js';

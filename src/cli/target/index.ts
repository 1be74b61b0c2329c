export { connectTo } from './remoteTarget.js';
export { defaultUrl, openReadOnly, openTarget } from './target.js';
export type { QueryOptions, ServerTarget, Target, TargetOptions } from './target.js';
export { followEvents } from './liveEvents.js';
export type { WireBatchResult, WireEvent, WireState } from './wire.js';

export { connectTo } from './remoteTarget.js';
export { defaultUrl, openReadOnly, openTarget } from './target.js';
export type { LiveFilter, QueryOptions, ServerTarget, Target, TargetOptions } from './target.js';
export { followLive } from './liveEvents.js';
export type { WireBatchResult, WireEvent, WireState, WireTopicMessage } from './wire.js';

export { connectTo } from './remoteTarget.js';
export { defaultUrl, mustBeOnePlace, openReadOnly, openTarget, openToWrite } from './target.js';
export type { LiveFilter, QueryOptions, ServerTarget, Target, TargetOptions } from './target.js';
export { followLive } from './liveEvents.js';
export type { WireBatchResult, WireEvent, WireState, WireTopicMessage } from './wire.js';

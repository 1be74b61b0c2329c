export { LiveStreams, type StreamCounters } from './liveStreams.js';
export { streamPath } from './paths.js';
export { eventStreamChunks } from './sse.js';
export { positionAfter, streamFromQuery } from './subscription.js';
export { webSocketGate } from './webSocket/webSocketGate.js';

/** WebSockets and server-sent events share it. */
export const streamPath = '/api/v1/events/stream';

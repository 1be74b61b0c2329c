export { openEventStore } from './openEventStore.js';
export type { EventStore } from './types.js';

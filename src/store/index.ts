export { openEventStore } from './openEventStore.js';
export type { EmbeddedStore, EventStore } from './types.js';

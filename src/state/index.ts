export { EntityStates } from './entityStates.js';
export type { EntityStatesOptions } from './entityStates.js';
export { snapshotDocument } from './documents.js';
export { checkedPolicy } from './policy.js';
export { Reducers } from './reducers.js';
export * from './types.js';

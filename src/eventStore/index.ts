export * from './types.js';
export type { ProofOptions } from './proofs.js';
export { openEventStore, repairStore } from './openEventStore.js';
/** For the server, which answers in the wire names. */
export { WireConditionError } from './append/conditionError.js';
/** Version of this package, for whoever names it: the server and the command line. */
export { packageVersion } from '../engine/index.js';

/**
 * Proofs that an event is in a log and that a log was only added to, checked without the store: the
 * entry `allsource-core/proof`, pure TypeScript for Node and browsers.
 */
export { verifyConsistency, verifyEvent } from './verify.js';
export { readConsistencyProof, readEventProof, readTreeHead } from './wire.js';
export { ProofError } from './types.js';
export type { ConsistencyProof, EventProof, ProvenEvent, TreeHead } from './types.js';

import { decodeLeaf } from './leaf.js';
import { fromHex, hashLeaf, rootOfInclusion, rootsOfConsistency, toHex } from './merkle.js';
import {
  type ConsistencyProof,
  type EventProof,
  ProofError,
  type ProvenEvent,
  type TreeHead,
} from './types.js';

/**
 * Checks that an event is in the log that a head stands for. Needs no store and asks nobody: the head
 * is what you trust, got earlier or by another way than the proof.
 *
 * @returns the event as the log holds it.
 * @throws {ProofError} where the proof does not show it.
 * @example
 * const head = await store.treeHead();
 * const proof = await store.proveEvent(17, { treeSize: head.treeSize });
 * const event = await verifyEvent(proof, head);
 */
export async function verifyEvent(proof: EventProof, head: TreeHead): Promise<ProvenEvent> {
  const { position, treeSize } = proof;
  if (treeSize !== head.treeSize) {
    throw new ProofError(
      `treeSize: the head has ${head.treeSize} events, the proof is for ${treeSize}; ask for a ` +
        'proof of that tree size',
    );
  }
  checkSize(treeSize, 'treeSize', Number.MAX_SAFE_INTEGER);
  checkSize(position, 'position', treeSize);
  const leaf = bytesOf(proof.leaf);
  const event = decodeLeaf(leaf);
  if (event.position !== position) {
    throw new ProofError(`position: the leaf is that of event ${event.position}, not ${position}`);
  }
  const root = await rootOfInclusion({
    leafHash: await hashLeaf(leaf),
    leafIndex: position - 1,
    treeSize,
    path: hashesOf(proof.path),
  });
  if (root === undefined || toHex(root) !== head.rootHash) {
    throw new ProofError('the path does not lead to the root hash of the head');
  }
  return event;
}

/**
 * Checks that a log was only added to between two heads: the events of the older one are the beginning
 * of those of the newer one, unchanged. Resolves where it is so.
 *
 * @throws {ProofError} where the proof does not show it.
 */
export async function verifyConsistency(
  proof: ConsistencyProof,
  older: TreeHead,
  newer: TreeHead,
): Promise<void> {
  const { firstSize, secondSize } = proof;
  if (firstSize !== older.treeSize || secondSize !== newer.treeSize) {
    throw new ProofError(
      `the heads have ${older.treeSize} and ${newer.treeSize} events, the proof is for ` +
        `${firstSize} and ${secondSize}`,
    );
  }
  checkSize(secondSize, 'secondSize', Number.MAX_SAFE_INTEGER);
  checkSize(firstSize, 'firstSize', secondSize);
  const roots = await rootsOfConsistency({
    firstSize,
    firstRoot: hashOf(older.rootHash),
    secondSize,
    path: hashesOf(proof.path),
  });
  if (
    roots === undefined ||
    toHex(roots.first) !== older.rootHash ||
    toHex(roots.second) !== newer.rootHash
  ) {
    throw new ProofError('the path does not lead to the root hashes of both heads');
  }
}

function checkSize(value: number, field: string, max: number): void {
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return;
  throw new ProofError(`${field}: expected an integer from 1 to ${max}, got ${String(value)}`);
}

function hashesOf(path: readonly string[]): Uint8Array[] {
  return path.map(hashOf);
}

function hashOf(text: string): Uint8Array {
  const hash = fromHex(text);
  if (hash) return hash;
  throw new ProofError('expected a hash of 64 lower-case hexadecimal digits, got something else');
}

function bytesOf(base64: string): Uint8Array {
  try {
    return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  } catch {
    throw new ProofError('leaf: expected base64, got something else');
  }
}

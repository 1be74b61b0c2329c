/** The Merkle tree (RFC 6962) over the first `treeSize` events of a log. */
export interface TreeHead {
  /** Events in the tree: the watermark when it was taken. */
  readonly treeSize: number;
  /** 64 hexadecimal digits. */
  readonly rootHash: string;
}

/** Shows that an event is in the tree of a head. */
export interface EventProof {
  /** From 1; the event is leaf `position - 1` of the tree. */
  readonly position: number;
  readonly treeSize: number;
  /**
   * Base64 of what is hashed behind RFC 6962's zero byte: position and time, 8 bytes each, and the
   * event record from its id on (docs/format/segment.md).
   */
  readonly leaf: string;
  /** Hashes from the leaf's sibling up to the root's child, each 64 hexadecimal digits. */
  readonly path: readonly string[];
}

/** Shows that the tree of an older head is the beginning of the tree of a newer one. */
export interface ConsistencyProof {
  readonly firstSize: number;
  readonly secondSize: number;
  readonly path: readonly string[];
}

/** What a proof shows to be in the log, byte for byte. */
export interface ProvenEvent {
  readonly eventId: string;
  readonly tenantId: string;
  readonly entityId: string;
  readonly eventType: string;
  readonly version: number;
  readonly position: number;
  /** Microseconds since 1970. */
  readonly timestamp: number;
  readonly tags: readonly string[];
  /** JSON text as it was appended. */
  readonly payload: string;
  /** JSON text as it was appended; null where there is none. */
  readonly metadata: string | null;
}

/** The proof does not show what it claims; the message says why. */
export class ProofError extends Error {
  override readonly name = 'ProofError';
}

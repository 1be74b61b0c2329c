import { AllSourceError } from '../../domain/index.js';
import { fromNative, nativeNotFound, proofKind } from '../../engine/index.js';
import type { NativeStore } from '../../engine/index.js';
import type { ConsistencyProof, EventProof, TreeHead } from '../../proof/index.js';
import { checkedLimit, tenantOf } from '../read/query.js';

const hashBytes = 32;
const countBytes = 4;

export interface ProofOptions {
  readonly tenantId?: string | undefined;
  /** Events of the tree, at most the watermark; default the watermark. */
  readonly treeSize?: number | undefined;
}

/** Makes Merkle roots and proofs on the engine's pool. */
export class Prover {
  readonly #native: NativeStore;
  readonly #watermark: () => number;

  constructor(native: NativeStore, watermark: () => number) {
    this.#native = native;
    this.#watermark = watermark;
  }

  async head(treeSize: number | undefined): Promise<TreeHead> {
    const size = this.#sizeOf(treeSize);
    const root = await this.#prove(proofKind.root, '', 0, size);
    return { treeSize: size, rootHash: root.toString('hex') };
  }

  async event(position: number, options: ProofOptions): Promise<EventProof> {
    const treeSize = this.#sizeOf(options.treeSize);
    checkedLimit(position, 1, Number.MAX_SAFE_INTEGER, 'position');
    const tenantId = tenantOf(options.tenantId);
    if (position > treeSize) throw notFound(position);
    const answer = await this.#prove(proofKind.inclusion, tenantId, position, treeSize);
    const pathEnd = countBytes + answer.readUInt32LE(0) * hashBytes;
    return {
      position,
      treeSize,
      leaf: answer.subarray(pathEnd).toString('base64'),
      path: hashesIn(answer.subarray(countBytes, pathEnd)),
    };
  }

  async consistency(firstSize: number, secondSize: number | undefined): Promise<ConsistencyProof> {
    const size = this.#sizeOf(secondSize);
    checkedLimit(firstSize, 1, size, 'first_size');
    const path = await this.#prove(proofKind.consistency, '', firstSize, size);
    return { firstSize, secondSize: size, path: hashesIn(path) };
  }

  #sizeOf(treeSize: number | undefined): number {
    const sizeMax = this.#watermark();
    return treeSize === undefined ? sizeMax : checkedLimit(treeSize, 0, sizeMax, 'tree_size');
  }

  async #prove(kind: number, tenantId: string, first: number, size: number): Promise<Buffer> {
    try {
      return await this.#native.prove(kind, tenantId, first, size);
    } catch (error) {
      const isMissing =
        error instanceof Error && 'nativeCode' in error && error.nativeCode === nativeNotFound;
      throw isMissing ? notFound(first) : fromNative(error);
    }
  }
}

function hashesIn(bytes: Buffer): string[] {
  return Array.from({ length: bytes.length / hashBytes }, (_, i) =>
    bytes.toString('hex', i * hashBytes, (i + 1) * hashBytes),
  );
}

function notFound(position: number): AllSourceError {
  return new AllSourceError(
    'event_not_found',
    `the tenant has no event at position ${position} of this tree`,
  );
}

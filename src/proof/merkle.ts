/** SHA-256 hashes as RFC 6962 builds its tree of them, by WebCrypto: Node and browsers have it. */

const hashBytes = 32;
const leafPrefix = 0;
const nodePrefix = 1;

export async function hashLeaf(leaf: Uint8Array): Promise<Uint8Array> {
  const input = new Uint8Array(1 + leaf.length);
  input[0] = leafPrefix;
  input.set(leaf, 1);
  return sha256(input);
}

export interface InclusionClaim {
  readonly leafHash: Uint8Array;
  /** From 0, below `treeSize`. */
  readonly leafIndex: number;
  readonly treeSize: number;
  readonly path: readonly Uint8Array[];
}

/** The root that the path leads to; undefined where its length is wrong. RFC 9162, 2.1.3.2. */
export async function rootOfInclusion(claim: InclusionClaim): Promise<Uint8Array | undefined> {
  const walk = new Walk(claim.leafIndex, claim.treeSize - 1);
  let hash = claim.leafHash;
  for (const sibling of claim.path) {
    if (walk.last === 0) return undefined;
    if (walk.isRight) {
      hash = await hashNode(sibling, hash);
      walk.skipMissingSiblings();
    } else {
      hash = await hashNode(hash, sibling);
    }
    walk.up();
  }
  return walk.last === 0 ? hash : undefined;
}

export interface ConsistencyClaim {
  /** Between 1 and `secondSize`. */
  readonly firstSize: number;
  readonly firstRoot: Uint8Array;
  readonly secondSize: number;
  readonly path: readonly Uint8Array[];
}

/**
 * The roots of both sizes that the path leads to; undefined where its length is wrong.
 * RFC 9162, 2.1.4.2.
 */
export async function rootsOfConsistency(
  claim: ConsistencyClaim,
): Promise<{ first: Uint8Array; second: Uint8Array } | undefined> {
  const { firstSize, firstRoot, secondSize } = claim;
  if (firstSize === secondSize) {
    return claim.path.length === 0 ? { first: firstRoot, second: firstRoot } : undefined;
  }
  const path = isPowerOfTwo(firstSize) ? [firstRoot, ...claim.path] : claim.path;
  const [start, ...siblings] = path;
  if (start === undefined) return undefined;
  const walk = new Walk(firstSize - 1, secondSize - 1);
  while (walk.index % 2 === 1) walk.up();
  let first = start;
  let second = start;
  for (const sibling of siblings) {
    if (walk.last === 0) return undefined;
    if (walk.isRight) {
      first = await hashNode(sibling, first);
      second = await hashNode(sibling, second);
      walk.skipMissingSiblings();
    } else {
      second = await hashNode(second, sibling);
    }
    walk.up();
  }
  return walk.last === 0 ? { first, second } : undefined;
}

/** A node's number on its level and that of the level's last node; sizes go up to 2^53. */
class Walk {
  constructor(
    public index: number,
    public last: number,
  ) {}

  get isRight(): boolean {
    return this.index % 2 === 1 || this.index === this.last;
  }

  up(): void {
    this.index = Math.floor(this.index / 2);
    this.last = Math.floor(this.last / 2);
  }

  /** Up through the levels where the node has no sibling, and so is its parent too. */
  skipMissingSiblings(): void {
    while (this.index % 2 === 0 && this.index !== 0) this.up();
  }
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Undefined where the text is no hash of 64 hexadecimal digits. */
export function fromHex(text: string): Uint8Array | undefined {
  if (!/^[0-9a-f]{64}$/.test(text)) return undefined;
  return Uint8Array.from({ length: hashBytes }, (_, i) =>
    Number.parseInt(text.slice(2 * i, 2 * i + 2), 16),
  );
}

async function hashNode(left: Uint8Array, right: Uint8Array): Promise<Uint8Array> {
  const input = new Uint8Array(1 + 2 * hashBytes);
  input[0] = nodePrefix;
  input.set(left, 1);
  input.set(right, 1 + hashBytes);
  return sha256(input);
}

async function sha256(input: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', input));
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value));
}

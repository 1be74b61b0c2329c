// The verifier against the vectors of the RFCs.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  fromHex,
  hashLeaf,
  rootOfInclusion,
  rootsOfConsistency,
  toHex,
} from '../../src/proof/merkle.js';

// The leaves and roots of the reference implementation of RFC 6962 (Certificate Transparency).
const leafInputs = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const roots = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

const sha256 = (...parts: (string | Buffer)[]): string =>
  createHash('sha256')
    .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
    .digest('hex');
const node = (left: string, right: string): string =>
  sha256(Buffer.from([1]), Buffer.from(left, 'hex'), Buffer.from(right, 'hex'));
const bytes = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();

// The tree of seven leaves that RFC 9162, section 2.1.5, draws, with its names of nodes.
const [a, b, c, d, e, f, j] = leafInputs
  .slice(0, 7)
  .map((input) => sha256(Buffer.from([0]), Buffer.from(input, 'hex'))) as [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
];
const [g, h, i] = [node(a, b), node(c, d), node(e, f)] as [string, string, string];
const [k, l] = [node(g, h), node(i, j)] as [string, string];
const root = node(k, l);

const inclusion = async (
  leafIndex: number,
  leafHash: string,
  path: string[],
): Promise<string | undefined> => {
  const claim = { leafHash: bytes(leafHash), leafIndex, treeSize: 7, path: path.map(bytes) };
  const found = await rootOfInclusion(claim);
  return found && toHex(found);
};
const consistency = async (
  firstSize: number,
  firstRoot: string,
  path: string[],
): Promise<{ first: string; second: string } | undefined> => {
  const claim = { firstSize, firstRoot: bytes(firstRoot), secondSize: 7, path: path.map(bytes) };
  const found = await rootsOfConsistency(claim);
  return found && { first: toHex(found.first), second: toHex(found.second) };
};

describe('hashLeaf', () => {
  it('gives the root of a tree of one leaf', async () => {
    expect(toHex(await hashLeaf(new Uint8Array()))).toBe(roots[0]);
  });
});

describe('the tree of RFC 9162, section 2.1.5', () => {
  it('has the root of the reference implementation', () => {
    expect(root).toBe(roots[6]);
  });

  // The paths as the RFC lists them; its root is our j-less naming: d0 = a, d3 = d, d4 = e, d6 = j.
  it.each([
    ['d0', 0, a, [b, h, l]],
    ['d3', 3, d, [c, g, l]],
    ['d4', 4, e, [f, j, k]],
    ['d6', 6, j, [i, k]],
  ] as const)('accepts the path of %s', async (_, leafIndex, leafHash, path) => {
    expect(await inclusion(leafIndex, leafHash, [...path])).toBe(root);
  });

  it.each([
    ['d0', 0, a, [b, h, l]],
    ['d6', 6, j, [i, k]],
  ] as const)('refuses any other path of %s', async (_, leafIndex, leafHash, path) => {
    expect(await inclusion(leafIndex, leafHash, path.slice(1))).not.toBe(root);
    expect(await inclusion(leafIndex, leafHash, [...path, k])).toBeUndefined();
    expect(await inclusion(leafIndex, leafHash, [...path].reverse())).not.toBe(root);
    expect(await inclusion(leafIndex ^ 1, leafHash, [...path])).not.toBe(root);
  });

  it.each([
    [3, roots[2], [c, d, g, l]],
    [4, roots[3], [l]],
    [6, roots[5], [i, j, k]],
  ] as const)('accepts the proof from size %i', async (firstSize, firstRoot, path) => {
    const found = await consistency(firstSize, firstRoot ?? '', [...path]);
    expect(found).toEqual({ first: firstRoot, second: root });
  });

  it.each([
    [3, roots[2], [c, d, g, l]],
    [4, roots[3], [l]],
    [6, roots[5], [i, j, k]],
  ] as const)('refuses any other proof from size %i', async (firstSize, firstRoot, path) => {
    const expected = { first: firstRoot, second: root };
    for (const wrong of [path.slice(1), [...path, k], [...path.slice(0, -1), a]]) {
      expect(await consistency(firstSize, firstRoot ?? '', wrong)).not.toEqual(expected);
    }
    const otherRoot = roots[0] ?? '';
    const found = await consistency(firstSize, otherRoot, [...path]);
    expect(found).not.toEqual({ first: otherRoot, second: root });
  });
});

describe('rootsOfConsistency', () => {
  it('takes an empty path from a size to itself, and no other', async () => {
    expect(await consistency(7, root, [])).toEqual({ first: root, second: root });
    expect(await consistency(7, root, [a])).toBeUndefined();
  });

  it('refuses an empty path between different sizes', async () => {
    expect(await consistency(3, roots[2] ?? '', [])).toBeUndefined();
    expect(await consistency(4, roots[3] ?? '', [])).toBeUndefined();
  });
});

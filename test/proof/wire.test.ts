import { describe, expect, it } from 'vitest';
import {
  ProofError,
  readConsistencyProof,
  readEventProof,
  readTreeHead,
  verifyEvent,
} from '../../src/proof/index.js';

const hash = 'ab'.repeat(32);
const bad: unknown[] = [null, undefined, 1, 'text', [], {}, { tree_size: '1', path: [1] }];

describe('reading answers', () => {
  it.each(bad)('refuses %j', (answer) => {
    expect(() => readTreeHead(answer)).toThrow(ProofError);
    expect(() => readEventProof(answer)).toThrow(ProofError);
    expect(() => readConsistencyProof(answer)).toThrow(ProofError);
  });

  it('names the field that is wrong', () => {
    expect(() => readTreeHead({ tree_size: '5', root_hash: hash })).toThrow('tree_size');
    expect(() => readEventProof({ position: 1, tree_size: 1, leaf: '', path: hash })).toThrow(
      'path',
    );
  });
});

describe('verifyEvent', () => {
  const head = { treeSize: 1, rootHash: hash };
  const proof = { position: 1, treeSize: 1, leaf: '', path: [] };

  it.each([
    ['a size that is none', { ...proof, treeSize: 0 }, { ...head, treeSize: 0 }],
    ['a position beyond the tree', { ...proof, position: 2 }, head],
    ['a position that is no integer', { ...proof, position: 0.5 }, head],
    ['a leaf that is too short', { ...proof, leaf: 'AAAA' }, head],
    ['a leaf that is no base64', { ...proof, leaf: '*' }, head],
    ['a leaf whose lengths do not add up', { ...proof, leaf: btoa('\xff'.repeat(80)) }, head],
  ])('refuses %s', async (_, wrong, against) => {
    await expect(verifyEvent(wrong, against)).rejects.toThrow(ProofError);
  });
});

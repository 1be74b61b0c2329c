import { describe, expect, it } from 'vitest';
import type { EmbeddedStore } from '../../src/index.js';
import { ProofError, verifyConsistency, verifyEvent } from '../../src/proof/index.js';
import type { EventProof, TreeHead } from '../../src/proof/index.js';
import { codeOf, line, newEvent } from '../support/store.js';
import type { StoreMode } from '../support/store.js';

/** SHA-256 of nothing: RFC 6962's root of the empty tree. */
const emptyRoot = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const eventCount = 600;

export function describeProofs(mode: StoreMode): void {
  describe('proofs', () => {
    it('prove every event to whoever has the head', async () => {
      const store = await fill(await mode.open());
      const head = await store.treeHead();
      expect(head.treeSize).toBe(eventCount);
      for (let position = 1; position <= eventCount; position += 7) {
        const proof = await store.proveEvent(position);
        const proven = await verifyEvent(proof, head);
        expect(proven.position).toBe(position);
        expect(proven.entityId).toBe(`entity-${(position - 1) % 5}`);
        expect(JSON.parse(proven.payload)).toBe(position - 1);
      }
    });

    it('hold the event byte for byte', async () => {
      const store = await mode.open();
      const payload = '{ "a" : 1.50, "ü": "\\u00e9" }';
      const metadata = '{"by":"me"}';
      const ndjson = line('a', payload, { metadata: JSON.parse(metadata) as unknown });
      const { results } = await store.appendBatch(Buffer.from(ndjson));
      const proven = await verifyEvent(await store.proveEvent(1), await store.treeHead());
      expect(proven).toEqual({
        eventId: results[0]?.eventId,
        tenantId: 'default',
        entityId: 'a',
        eventType: (await store.readPage()).events[0]?.eventType,
        version: 1,
        position: 1,
        timestamp: results[0]?.timestamp,
        tags: [],
        payload,
        metadata,
      });
    });

    it('fail when one bit of them is changed', async () => {
      const store = await fill(await mode.open());
      const head = await store.treeHead();
      const proof = await store.proveEvent(77);
      await verifyEvent(proof, head);
      for (const [changed, against] of changesOf(proof, head)) {
        await expect(verifyEvent(changed, against)).rejects.toThrow(ProofError);
      }
    });

    it('show that the log was only added to', async () => {
      const store = await fill(await mode.open());
      const newer = await store.treeHead();
      for (const treeSize of [1, 2, 255, 256, 257, 400, eventCount]) {
        const older = await store.treeHead({ treeSize });
        const proof = await store.proveConsistency(treeSize);
        await verifyConsistency(proof, older, newer);
        const other = { ...older, rootHash: emptyRoot };
        await expect(verifyConsistency(proof, other, newer)).rejects.toThrow(ProofError);
        await expect(verifyConsistency(proof, older, other)).rejects.toThrow(ProofError);
      }
    });

    it('stay what they were while the log grows', async () => {
      const store = await fill(await mode.open());
      const head = await store.treeHead();
      const proof = await store.proveEvent(5);
      await store.append(newEvent('more'));
      expect(await store.treeHead({ treeSize: eventCount })).toEqual(head);
      expect(await store.proveEvent(5, { treeSize: eventCount })).toEqual(proof);
      const grown = await store.treeHead();
      expect(grown.treeSize).toBe(eventCount + 1);
      await expect(verifyEvent(proof, grown)).rejects.toThrow('treeSize');
    });

    it('begin with the empty tree', async () => {
      const store = await mode.open();
      expect(await store.treeHead()).toEqual({ treeSize: 0, rootHash: emptyRoot });
      expect(await codeOf(() => store.proveEvent(1))).toBe('event_not_found');
      expect(await codeOf(() => store.proveConsistency(1))).toBe('invalid_query');
    });

    it('are for the event of the tenant who asks', async () => {
      const store = await mode.open();
      await store.appendBatch([newEvent('a')], { tenantId: 'other' });
      expect(await codeOf(() => store.proveEvent(1))).toBe('event_not_found');
      const proof = await store.proveEvent(1, { tenantId: 'other' });
      const proven = await verifyEvent(proof, await store.treeHead());
      expect(proven.tenantId).toBe('other');
    });

    it.each([0, -1, 1.5, NaN, 601, Number.MAX_SAFE_INTEGER])(
      'refuse position or size %s',
      async (number) => {
        const store = await fill(await mode.open());
        const code = number > eventCount ? 'event_not_found' : 'invalid_query';
        expect(await codeOf(() => store.proveEvent(number))).toBe(code);
        expect(await codeOf(() => store.proveConsistency(number))).toBe('invalid_query');
        if (number !== 0) {
          expect(await codeOf(() => store.treeHead({ treeSize: number }))).toBe('invalid_query');
        }
      },
    );
  });
}

async function fill(store: EmbeddedStore): Promise<EmbeddedStore> {
  const events = Array.from({ length: eventCount }, (_, i) => newEvent(`entity-${i % 5}`, i));
  await store.appendBatch(events);
  return store;
}

/** The proof and the head with one bit or number of each part changed. */
function* changesOf(proof: EventProof, head: TreeHead): Generator<[EventProof, TreeHead]> {
  const leaf = Buffer.from(proof.leaf, 'base64');
  for (let bit = 0; bit < leaf.length * 8; bit += 3) {
    const changed = Buffer.from(leaf);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    yield [{ ...proof, leaf: changed.toString('base64') }, head];
  }
  for (let i = 0; i < proof.path.length; i++) {
    const path = proof.path.map((hash, at) => (at === i ? flipHex(hash) : hash));
    yield [{ ...proof, path }, head];
  }
  yield [{ ...proof, path: proof.path.slice(1) }, head];
  yield [{ ...proof, position: proof.position + 1 }, head];
  yield [{ ...proof, treeSize: proof.treeSize + 1 }, head];
  yield [proof, { ...head, rootHash: flipHex(head.rootHash) }];
}

function flipHex(hash: string): string {
  return (hash.startsWith('0') ? '1' : '0') + hash.slice(1);
}

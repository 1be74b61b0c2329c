import fc from 'fast-check';
import { openEventStore } from '../../src/index.js';
import type { EmbeddedStore } from '../../src/index.js';
import {
  ProofError,
  readConsistencyProof,
  readEventProof,
  readTreeHead,
  verifyConsistency,
  verifyEvent,
} from '../../src/proof/index.js';
import type { TreeHead } from '../../src/proof/index.js';
import { changed, expectThat, property } from './target.js';
import type { FuzzTarget } from './target.js';

const eventCount = 300;
const sizes = [1, 2, 3, 5, 8, 100, 255, 256, 257, 299, eventCount];

type Wire = Readonly<Record<string, unknown>>;

/** Proofs and heads as a server sends them, and the same with any changes. */
export const proofTarget: FuzzTarget = {
  name: 'proof',
  async open() {
    const store = await openEventStore({ memory: true });
    for (let i = 0; i < eventCount; i++) {
      await store.append({ entityId: `e${i % 7}`, eventType: 'a', payload: { i, text: 'ü' } });
    }
    const truth = await Truth.of(store);
    return {
      properties: [
        property(fc.jsonValue(), async (value) => readAnything(value)),
        property(truth.inclusions, (wire) => truth.checkInclusion(wire)),
        property(truth.consistencies, (wire) => truth.checkConsistency(wire)),
      ],
      close: () => store.close(),
    };
  },
};

function readAnything(value: unknown): void {
  for (const read of [readTreeHead, readEventProof, readConsistencyProof]) {
    try {
      read(value);
    } catch (error) {
      if (!(error instanceof ProofError)) throw error;
    }
  }
}

/** What the store says, against which changed proofs are held. */
class Truth {
  private constructor(
    readonly events: readonly string[],
    readonly heads: ReadonlyMap<number, string>,
    readonly inclusions: fc.Arbitrary<{ proof: Wire; head: Wire }>,
    readonly consistencies: fc.Arbitrary<{ proof: Wire; older: Wire; newer: Wire }>,
  ) {}

  static async of(store: EmbeddedStore): Promise<Truth> {
    const heads = new Map<number, string>();
    for (const treeSize of sizes) {
      heads.set(treeSize, (await store.treeHead({ treeSize })).rootHash);
    }
    const events: string[] = [];
    const inclusions: { proof: Wire; head: Wire }[] = [];
    const consistencies: { proof: Wire; older: Wire; newer: Wire }[] = [];
    const headOf = (size: number): Wire => ({ tree_size: size, root_hash: heads.get(size) });
    for (let position = 1; position <= eventCount; position++) {
      const proof = await store.proveEvent(position);
      const event = await verifyEvent(proof, await store.treeHead());
      events.push(JSON.stringify(event));
      if (position % 11 !== 1) continue;
      for (const treeSize of sizes.filter((size) => size >= position)) {
        const { leaf, path } = await store.proveEvent(position, { treeSize });
        const wire = { position, tree_size: treeSize, leaf, path };
        inclusions.push({ proof: wire, head: headOf(treeSize) });
      }
    }
    for (const first of sizes) {
      for (const second of sizes.filter((size) => size >= first)) {
        const { path } = await store.proveConsistency(first, { secondSize: second });
        const proof = { first_size: first, second_size: second, path };
        consistencies.push({ proof, older: headOf(first), newer: headOf(second) });
      }
    }
    const parts = <T extends Record<string, Wire>>(all: T[]): fc.Arbitrary<T> =>
      fc.constantFrom(...all).chain((one) => changedParts(one));
    return new Truth(events, heads, parts(inclusions), parts(consistencies));
  }

  /** Refused, or the event that is at this place. */
  async checkInclusion({ proof, head }: { proof: Wire; head: Wire }): Promise<void> {
    const shown = await unlessRefused(async () => {
      const read = readEventProof(proof);
      const against = readTreeHead(head);
      const event = await verifyEvent(read, against);
      return { event: JSON.stringify(event), position: read.position, against };
    });
    if (shown === undefined) return;
    const { event, position, against } = shown;
    expectThat(this.#isRoot(against), 'a root that is none proves nothing');
    expectThat(this.events.includes(event), 'an event that is none is not proven');
    if (this.#isTrue(against)) {
      expectThat(event === this.events[position - 1], 'no other event is proven');
    }
  }

  /** Refused, or both heads have roots of this log. */
  async checkConsistency(wire: { proof: Wire; older: Wire; newer: Wire }): Promise<void> {
    const shown = await unlessRefused(async () => {
      const heads = [readTreeHead(wire.older), readTreeHead(wire.newer)] as const;
      await verifyConsistency(readConsistencyProof(wire.proof), ...heads);
      return heads;
    });
    if (shown === undefined) return;
    const [older, newer] = shown;
    // A head is consistent with itself, whatever it is.
    const isSame = older.treeSize === newer.treeSize && older.rootHash === newer.rootHash;
    expectThat(isSame || (this.#isRoot(older) && this.#isRoot(newer)), 'a false root is refused');
  }

  // A root says nothing of its size: of sizes whose paths have one shape, any is accepted with it
  // (RFC 9162, 2.1.3.2 and 2.1.4.2). Whoever trusts a head has got both from one hand.
  #isRoot({ rootHash }: TreeHead): boolean {
    return [...this.heads.values()].includes(rootHash);
  }

  #isTrue({ treeSize, rootHash }: TreeHead): boolean {
    return this.heads.get(treeSize) === rootHash;
  }
}

async function unlessRefused<T>(check: () => Promise<T>): Promise<T | undefined> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof ProofError) return undefined;
    throw error;
  }
}

/** Any fields of any part are as they were, changed, or replaced. */
function changedParts<T extends Record<string, Wire>>(parts: T): fc.Arbitrary<T> {
  const arbitraries = Object.entries(parts).map(([name, wire]) => [
    name,
    fc.oneof({ weight: 2, arbitrary: fc.constant(wire) }, changedFields(wire)),
  ]);
  return fc.record(Object.fromEntries(arbitraries)) as fc.Arbitrary<T>;
}

function changedFields(wire: Wire): fc.Arbitrary<Wire> {
  const arbitraries = Object.entries(wire).map(([name, value]) => [
    name,
    fc.oneof(
      { weight: 6, arbitrary: fc.constant(value) },
      { weight: 3, arbitrary: changedValue(value) },
      { weight: 1, arbitrary: fc.jsonValue() },
    ),
  ]);
  return fc.record(Object.fromEntries(arbitraries));
}

function changedValue(value: unknown): fc.Arbitrary<unknown> {
  if (typeof value === 'number') {
    return fc.oneof(
      fc.constantFrom(value - 1, value + 1, -value, value + 0.5, value * 2, 2 ** 53, NaN),
      fc.constantFrom(...sizes),
    );
  }
  if (typeof value === 'string') return changed(fc.constant(value));
  if (!Array.isArray(value)) return fc.jsonValue();
  const hashes = value as string[];
  return fc.oneof(
    fc.subarray(hashes),
    fc.shuffledSubarray(hashes),
    fc.constant([...hashes, ...hashes]),
    fc
      .nat(hashes.length)
      .chain((at) => changed(fc.constant(hashes[at] ?? '')).map((hash) => [at, hash] as const))
      .map(([at, hash]) => [...hashes.slice(0, at), hash, ...hashes.slice(at + 1)]),
  );
}

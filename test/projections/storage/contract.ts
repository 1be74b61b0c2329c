import { describe, expect, it } from 'vitest';
import type { JsonValue, ProjectionStorage, StateCommit, StateSpace } from '../../../src/index.js';

export const space: StateSpace = { tenantId: 'default', projection: 'totals', generation: 1 };

/** Keys whose order and prefixes are easily got wrong. */
const strangeKeys = [
  ...[
    'a',
    'A',
    'ab',
    'aB',
    'a%',
    'a_',
    'a\\',
    'a%b',
    'a*',
    'a?',
    'a[b',
    "a'b",
    'a"b',
    'a;--',
    'a b',
  ],
  ...['ß', 'ss', 'é', 'e\u0301', 'İ', 'i', 'ı', 'Å', 'z', '10', '9', '-', '{a,b}', 'NULL', '$1'],
  ...['\ud7ff', '\ue000', '\ufffd', '\uffff', '😀', '😀a', '\u{10ffff}', 'a\u{10ffff}', 'a\uffff'],
  ...['\u00ad', 'a\u200b', 'x'.repeat(256), `${'x'.repeat(255)}y`],
];

export function commitOf(
  after: number,
  position: number,
  states: Readonly<Record<string, JsonValue | undefined>>,
  parked: StateCommit['parked'] = [],
): StateCommit {
  const changes = Object.entries(states).map(([key, state]) => {
    return { key, text: state === undefined ? undefined : JSON.stringify(state) };
  });
  return { changes, after, position, eventId: `event-${position}`, parked };
}

/** All keys with a prefix, page by page. */
export async function keysOf(
  storage: ProjectionStorage,
  { prefix = '', limit = 3, of = space } = {},
): Promise<string[]> {
  const keys: string[] = [];
  let from: string | null = null;
  do {
    const page: Awaited<ReturnType<ProjectionStorage['list']>> = await storage.list(of, {
      ...{ prefix, from, limit },
    });
    expect(page.states.length).toBeLessThanOrEqual(limit);
    keys.push(...page.states.map(({ key }) => key));
    from = page.next;
  } while (from !== null);
  return keys;
}

/** What every storage of states does. `make` gives one that has no states. */
export function describeStorage(name: string, make: () => Promise<ProjectionStorage>): void {
  describe(`states in ${name}`, () => {
    it('are none before the first commit', async () => {
      const storage = await make();
      expect(await storage.open(space)).toMatchObject({ position: 0, parked: 0 });
      expect(await storage.load(space, ['a', 'b'])).toEqual([undefined, undefined]);
      expect(await keysOf(storage)).toEqual([]);
      expect(await storage.parked(space)).toEqual([]);
    });

    it('come back in the order of the keys, as they were committed last', async () => {
      const storage = await make();
      await storage.commit(space, commitOf(0, 3, { a: { n: 1 }, b: [2], c: 'three' }));
      await storage.commit(space, commitOf(3, 7, { b: undefined, c: 'four', d: false }));
      expect(await storage.load(space, ['d', 'c', 'b', 'a', 'x', 'a'])).toEqual([
        ...[false, 'four', undefined, { n: 1 }, undefined, { n: 1 }],
      ]);
      expect((await storage.open(space)).position).toBe(7);
      expect((await keysOf(storage)).sort()).toEqual(['a', 'c', 'd']);
      await storage.commit(space, commitOf(7, 8, { b: 'again', nobody: undefined }));
      expect(await storage.load(space, ['b', 'nobody'])).toEqual(['again', undefined]);
    });

    it('are as they were where a commit is made of others', async () => {
      const storage = await make();
      await expect(storage.commit(space, commitOf(1, 2, { a: 1 }))).rejects.toThrow(/at position/);
      await storage.commit(space, commitOf(0, 5, { a: 1 }));
      for (const after of [0, 4, 6]) {
        const commit = commitOf(after, 9, { a: 2, b: 2 }, [{ position: 8, reason: 'bad' }]);
        await expect(storage.commit(space, commit)).rejects.toThrow(/at position 0|at 5/);
      }
      expect(await storage.load(space, ['a', 'b'])).toEqual([1, undefined]);
      expect(await storage.open(space)).toMatchObject({ position: 5, parked: 0 });
      await storage.commit(space, commitOf(5, 9, { a: 2 }));
      expect(await storage.load(space, ['a'])).toEqual([2]);
    });

    it('are of one tenant, projection and generation', async () => {
      const storage = await make();
      const spaces: StateSpace[] = [
        space,
        { ...space, tenantId: 'acme' },
        { ...space, projection: 'Totals' },
        { ...space, generation: 2 },
      ];
      for (const [i, one] of spaces.entries()) {
        const parked = [{ position: i + 1, reason: `reason ${i}` }];
        await storage.commit(one, commitOf(0, i + 1, { a: i, [`only-${i}`]: i }, parked));
      }
      for (const [i, one] of spaces.entries()) {
        expect(await storage.open(one)).toMatchObject({ position: i + 1, parked: 1 });
        expect(await storage.load(one, ['a', 'only-0'])).toEqual([i, i === 0 ? 0 : undefined]);
        expect((await keysOf(storage, { of: one })).sort()).toEqual(['a', `only-${i}`]);
        expect(await storage.parked(one)).toEqual([{ position: i + 1, reason: `reason ${i}` }]);
      }
    });

    it('are the same JSON, with its members in the same order', async () => {
      const storage = await make();
      const states: Record<string, JsonValue> = {
        numbers: [0.1, 1e21, -1e-7, 5e-324, Number.MAX_VALUE, 2 ** 53 - 1, -1.5],
        texts: ['', '\0', 'a\u0000b', '\u001f', '"\\/', '\u2028', 'İ😀', '\uffff', '\\u0000'],
        members: { zebra: 1, a: 2, bb: 3, '10': 4, '9': 5, '': 6, '\0': 7, __proto__x: 8 },
        nested: [[[[{ a: [null, true, false, {}] }]]]],
        text: 'alone',
        no: false,
        zero: 0,
        long: 'x'.repeat(1_000_000),
      };
      await storage.commit(space, commitOf(0, 1, states));
      const keys = Object.keys(states);
      const loaded = await storage.load(space, keys);
      const { states: listed } = await storage.list(space, { prefix: '', from: null, limit: 100 });
      const byKey = new Map(listed.map(({ key, state }) => [key, state]));
      for (const [i, key] of keys.entries()) {
        expect(JSON.stringify(loaded[i])).toBe(JSON.stringify(states[key]));
        expect(JSON.stringify(byKey.get(key))).toBe(JSON.stringify(states[key]));
      }
    });

    it('are listed by any prefix, each once, in pages of any size', async () => {
      const storage = await make();
      const entries = strangeKeys.map((key) => [key, { key }] as const);
      await storage.commit(space, commitOf(0, 1, Object.fromEntries(entries)));
      const prefixes = new Set(strangeKeys.flatMap((key) => ['', key, [...key][0] ?? '']));
      for (const prefix of [...prefixes, '%', '_', 'nobody', '\0', 'a\0']) {
        const wanted = strangeKeys.filter((key) => key.startsWith(prefix)).sort();
        expect((await keysOf(storage, { prefix, limit: 100 })).sort(), prefix).toEqual(wanted);
      }
      for (const limit of [1, 2, 7, strangeKeys.length]) {
        expect((await keysOf(storage, { limit })).sort()).toEqual([...strangeKeys].sort());
      }
      const loaded = await storage.load(space, [...strangeKeys, 'a\0', '']);
      expect(loaded).toEqual([...entries.map(([, state]) => state), undefined, undefined]);
    });

    it('have the events that were left out, in order', async () => {
      const storage = await make();
      const parked = [3, 5, 2 ** 40].map((position) => ({ position, reason: `why ${position}?` }));
      await storage.commit(space, commitOf(0, 4, {}, parked.slice(0, 1)));
      await storage.commit(space, commitOf(4, 2 ** 41, { a: 1 }, parked.slice(1)));
      expect(await storage.parked(space)).toEqual(parked);
      expect(await storage.open(space)).toMatchObject({ position: 2 ** 41, parked: 3 });
    });

    it('are committed and read as many at once', async () => {
      const storage = await make();
      const keys = Array.from({ length: 16_384 }, (_, i) => `key-${i}`);
      const states = Object.fromEntries(keys.map((key, i) => [key, { i, text: 'x'.repeat(50) }]));
      await storage.commit(space, commitOf(0, 1, states));
      const half = keys.filter((_, i) => i % 2 === 0);
      const removed = Object.fromEntries(half.map((key) => [key, undefined]));
      await storage.commit(space, commitOf(1, 2, removed));
      const loaded = await storage.load(space, keys);
      expect(loaded.filter((state) => state !== undefined)).toHaveLength(8192);
      expect(loaded[1]).toEqual(states['key-1']);
      expect(await keysOf(storage, { limit: 10_000 })).toHaveLength(8192);
    });

    it('are those of the other space once one was dropped', async () => {
      const storage = await make();
      const next = { ...space, generation: 2 };
      await storage.commit(space, commitOf(0, 1, { a: 1 }));
      await storage.commit(next, commitOf(0, 2, { a: 2 }));
      await storage.activate?.(next);
      await storage.drop(space);
      expect(await storage.load(next, ['a'])).toEqual([2]);
      expect(await keysOf(storage, { of: next })).toEqual(['a']);
    });
  });
}

import { describe, expect, it } from 'vitest';
import { codeOf, collect, line, newEvent } from '../support/store.js';
import type { StoreMode } from '../support/store.js';

const many = Array.from({ length: 32 }, (_, i) => `tag:${i}`);

/** Tags that break a rule, and what the message says of them. */
const refused: [unknown, string][] = [
  ['red', 'expected an array of strings'],
  [[1], 'expected a string'],
  [[''], 'expected 1-128 bytes of UTF-8, got 0'],
  [['x'.repeat(129)], 'expected 1-128 bytes of UTF-8, got 129'],
  [[' red'], 'leading and trailing white space is not allowed'],
  [['a\nb'], 'control characters are not allowed'],
  [['red', 'blue', 'red'], 'red is given twice'],
  [[...many, 'one more'], 'expected at most 32 tags'],
];

export function describeTags(mode: StoreMode): void {
  describe('tags', () => {
    it('come back in the order in which they were given', async () => {
      const store = await mode.open();
      const tags = ['course:c1', 'a "quoted" ☃', 'x'.repeat(128)];
      await store.append(newEvent('a', {}, { tags }));
      await store.append(newEvent('a', {}, { tags: many }));
      await store.append(newEvent('a', {}, { tags: null }));
      await store.append(newEvent('a'));
      await store.appendBatch(Buffer.from(line('a', '1', { tags: ['\u00e4\\/'] })));
      const events = await collect(store.read());
      expect(events.map((event) => event.tags)).toEqual([tags, many, [], [], ['\u00e4\\/']]);
    });

    it.each(refused)('%j: %s', async (tags, rule) => {
      const store = await mode.open();
      const given = tags as readonly string[];
      const append = store.append(newEvent('a', {}, { tags: given }));
      await expect(append).rejects.toMatchObject({
        code: 'validation_error',
        message: `tags: ${rule}`,
        details: [{ field: 'tags' }],
      });
      expect(store.watermark).toBe(0);
    });

    it('filter reads: all that are given must be there', async () => {
      const store = await mode.open();
      for (let i = 1; i <= 60; i++) {
        const tags = [`by2:${i % 2}`, `by3:${i % 3}`];
        await store.append(newEvent(`e${i % 5}`, i, { tags }));
      }
      const positions = async (filter: object) =>
        (await collect(store.read(filter))).map((event) => event.position);
      const numbers = Array.from({ length: 60 }, (_, i) => i + 1);
      expect(await positions({ tags: ['by3:1'] })).toEqual(numbers.filter((i) => i % 3 === 1));
      const both = { tags: ['by3:1', 'by2:0'] };
      const expected = numbers.filter((i) => i % 6 === 4);
      expect(await positions(both)).toEqual(expected);
      expect(await positions({ ...both, order: 'desc' })).toEqual([...expected].reverse());
      expect(await positions({ ...both, entityId: 'e0' })).toEqual([10, 40]);
      expect(await positions({ tags: ['by3:1', 'none'] })).toEqual([]);
      expect(await positions({ tags: [] })).toEqual(numbers);
    });

    it('are those of one tenant', async () => {
      const store = await mode.open();
      await store.append(newEvent('a', 1, { tags: ['t'], tenantId: 'one' }));
      await store.append(newEvent('a', 2, { tags: ['t'], tenantId: 'two' }));
      const events = await collect(store.read({ tenantId: 'two', tags: ['t'] }));
      expect(events.map((event) => event.payload)).toEqual([2]);
    });

    it('are part of what makes two events the same', async () => {
      const store = await mode.open();
      const eventId = '0190b6e8-4f6e-7cc3-98c4-dc0c0c07398f';
      const append = (tags: string[]) => store.append(newEvent('a', 1, { tags, eventId }));
      await append(['x', 'y']);
      expect(await append(['x', 'y'])).toMatchObject({ deduplicated: true });
      expect(await codeOf(() => append(['x']))).toBe('event_id_conflict');
    });

    it('have pages whose cursor belongs to them', async () => {
      const store = await mode.open();
      for (let i = 0; i < 5; i++) await store.append(newEvent('a', i, { tags: ['t', `n:${i}`] }));
      const first = await store.readPage({ tags: ['t'], limit: 2 });
      const cursor = first.nextCursor ?? '';
      const second = await store.readPage({ tags: ['t'], limit: 2, cursor });
      expect(second.events.map((event) => event.payload)).toEqual([2, 3]);
      expect(await codeOf(() => store.readPage({ tags: ['n:1'], cursor }))).toBe('invalid_query');
    });

    it('filter subscriptions', async () => {
      const store = await mode.open();
      const wanted: unknown[] = [];
      const options = { from: 'beginning', filter: { tags: ['even'] } } as const;
      const done = (async () => {
        for await (const event of store.subscribe(options).events()) {
          wanted.push(event.payload);
          if (wanted.length === 5) return;
        }
      })();
      for (let i = 0; i < 10; i++) {
        await store.append(newEvent('a', i, { tags: i % 2 === 0 ? ['even'] : ['odd'] }));
      }
      await done;
      expect(wanted).toEqual([0, 2, 4, 6, 8]);
    });
  });
}

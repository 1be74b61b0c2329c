import { describe, expect, it } from 'vitest';
import type { EventMatch, NewEvent, StoredEvent } from '../../src/index.js';
import { codeOf, collect, newEvent, take, wrong } from '../support/store.js';
import type { StoreMode } from '../support/store.js';

const types = ['a.one', 'a.two', 'b'];
const tags = ['x', 'y', 'z'];

/** Every type with every set of tags, over four entities, a few times. */
function makeEvents(): NewEvent[] {
  return Array.from({ length: 240 }, (_, i) =>
    newEvent(`e${i % 4}`, i, {
      eventType: types[i % 3] ?? '',
      tags: tags.filter((_tag, bit) => ((i >> 1) >> bit) % 2 === 1),
      tenantId: i % 11 === 10 ? 'other' : 'default',
    }),
  );
}

function isMatch(event: NewEvent, { eventTypes, entityIds, tags: all }: EventMatch): boolean {
  return (
    (eventTypes === undefined || eventTypes.includes(event.eventType)) &&
    (entityIds === undefined || entityIds.includes(event.entityId)) &&
    (all === undefined || all.every((tag) => event.tags?.includes(tag)))
  );
}

const matches: readonly (EventMatch | readonly EventMatch[])[] = [
  {},
  { eventTypes: ['b'] },
  { eventTypes: ['b', 'a.one', 'b'] },
  { tags: ['x', 'z'] },
  { entityIds: ['e1', 'e3'], tags: ['y'] },
  { eventTypes: ['a.two'], entityIds: ['e0'], tags: ['x', 'y', 'z'] },
  { eventTypes: ['nowhere'] },
  [{ eventTypes: ['b'] }, { tags: ['x'] }],
  [
    { entityIds: ['e2'] },
    { entityIds: ['e2'], tags: ['y'] },
    { eventTypes: ['a.one'], tags: ['z'] },
  ],
  [{ eventTypes: ['nowhere'] }, { tags: ['nothing'] }],
  [{ tags: ['x'] }, {}],
];

export function describeMatches(mode: StoreMode): void {
  describe('reads of what matches', () => {
    it.each(matches)('%j', async (match) => {
      const store = await mode.open();
      const events = makeEvents();
      await store.appendBatch(events);
      const items = Array.isArray(match) ? match : [match as EventMatch];
      const wanted = events.flatMap((event, i) =>
        event.tenantId === 'default' && items.some((item) => isMatch(event, item)) ? [i] : [],
      );
      const payloads = (got: StoredEvent[]): unknown[] => got.map(({ payload }) => payload);
      expect(payloads(await collect(store.read({ match })))).toEqual(wanted);
      const newest = await store.readPage({ match, order: 'desc', limit: 1000 });
      expect(payloads(newest.events)).toEqual([...wanted].reverse());
      const paged: unknown[] = [];
      for (let cursor: string | undefined; ;) {
        const page = await store.readPage({ match, limit: 7, cursor });
        paged.push(...payloads(page.events));
        if (page.nextCursor === null) break;
        cursor = page.nextCursor;
      }
      expect(paged).toEqual(wanted);
      const both = await collect(store.read({ match, eventTypePrefix: 'a.', fromPosition: 100 }));
      const bounded = wanted.filter((i) => i >= 99 && events[i]?.eventType !== 'b');
      expect(payloads(both)).toEqual(bounded);
    });

    it('follow what matches, and what a decision reads is what its condition is about', async () => {
      const store = await mode.open();
      const match = [{ eventTypes: ['b'] }, { tags: ['x', 'y'] }];
      const following = take(
        store.subscribe({ from: 'beginning', filter: { match } }).events(),
        20,
      );
      for (const event of makeEvents().slice(0, 60)) await store.append(event);
      const followed = await following;
      const read = await collect(store.read({ match }));
      expect(followed).toEqual(read.slice(0, 20));
      const last = read.at(-1)?.position ?? 0;
      const append = (after: number) =>
        store.append(newEvent('e9', 1), { failIfEventsMatch: match, after });
      expect(await codeOf(() => append(last - 1))).toBe('append_condition_failed');
      await append(last);
    });

    it.each([
      null,
      [],
      'b',
      [null],
      [[]],
      { types: ['b'] },
      { eventTypes: 'b' },
      { eventTypes: [] },
      { tags: [5] },
      { tags: Array.from({ length: 33 }, (_, i) => `${i}`) },
      Array.from({ length: 33 }, () => ({})),
    ])('refuse %j', async (match) => {
      const store = await mode.open();
      expect(await codeOf(() => store.readPage(wrong({ match })))).toBe('invalid_query');
    });
  });
}

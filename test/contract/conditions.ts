import { describe, expect, it } from 'vitest';
import { AppendConditionError } from '../../src/index.js';
import type { AppendCondition, EventMatch, EmbeddedStore } from '../../src/index.js';
import { codeOf, errorOf, newEvent } from '../support/store.js';
import type { StoreMode } from '../support/store.js';

/** A match, and whether it meets the second of two events that `openCourse` leaves. */
const matches: [EventMatch | EventMatch[], boolean][] = [
  [{}, true],
  [{ eventTypes: ['student.joined'] }, true],
  [{ eventTypes: ['student.left'] }, false],
  [{ eventTypes: ['student.left', 'student.joined'] }, true],
  [{ tags: ['course:c1'] }, true],
  [{ tags: ['course:c1', 'student:s1'] }, true],
  [{ tags: ['course:c1', 'student:s2'] }, false],
  [{ entityIds: ['course-1'] }, true],
  [{ entityIds: ['course-2', 'course-1'] }, true],
  [{ entityIds: ['course-2'] }, false],
  [{ eventTypes: ['student.joined'], tags: ['student:s1'], entityIds: ['course-1'] }, true],
  [{ eventTypes: ['student.joined'], tags: ['student:s1'], entityIds: ['course-2'] }, false],
  [[{ eventTypes: ['student.left'] }, { tags: ['student:s1'] }], true],
  [[{ eventTypes: ['student.left'] }, { tags: ['student:s2'] }], false],
];

/** Conditions that are refused before anything is looked up, and what the message says. */
const refused: [object, string][] = [
  [{ failIfEventsMatch: [] }, 'failIfEventsMatch: expected at least one item'],
  [{ failIfEventsMatch: 5 }, 'failIfEventsMatch: expected an object with types'],
  [{ failIfEventsMatch: { tags: [] } }, 'tags: expected at least one'],
  [{ failIfEventsMatch: { tags: [7] } }, 'tags: expected an array of strings'],
  [{ failIfEventsMatch: { eventTypes: ['A'] } }, 'eventTypes: only lower-case letters'],
  [{ failIfEventsMatch: { tag: ['x'] } }, 'tag: not a member of an item'],
  [{ failIfEventsMatch: {}, after: -1 }, 'after: expected a position'],
  [{ failIfEventsMatch: {}, after: 1.5 }, 'after: expected a position'],
  [{ after: 3 }, 'after: it says behind which position no event may match'],
  [{ failIfEventMatches: {} }, 'failIfEventMatches: not known here'],
];

async function openCourse(mode: StoreMode): Promise<EmbeddedStore> {
  const store = await mode.open();
  await store.append(newEvent('other', {}, { tags: ['course:c2'] }));
  const joined = { eventType: 'student.joined', entityId: 'course-1', payload: { name: 'Ada' } };
  await store.append({ ...joined, tags: ['course:c1', 'student:s1'] });
  return store;
}

async function failureOf(append: () => unknown): Promise<AppendConditionError> {
  const error = await errorOf(append);
  if (error instanceof AppendConditionError) return error;
  throw new Error(`expected a failed condition, got ${String(error)}`);
}

async function failureOrNothing(
  append: Promise<unknown>,
): Promise<AppendConditionError | undefined> {
  try {
    await append;
    return undefined;
  } catch (error) {
    if (error instanceof AppendConditionError) return error;
    throw error;
  }
}

export function describeConditions(mode: StoreMode): void {
  describe('conditions on events', () => {
    it.each(matches)('%j meets an event: %s', async (failIfEventsMatch, isMet) => {
      const store = await openCourse(mode);
      const append = (condition: AppendCondition) => store.append(newEvent('new'), condition);
      if (!isMet) {
        expect(await append({ failIfEventsMatch })).toMatchObject({ position: 3 });
        return;
      }
      const error = await failureOf(() => append({ failIfEventsMatch, after: 1 }));
      expect(error.events.map((event) => event.position)).toEqual([2]);
      expect(error.position).toBe(2);
      expect(store.watermark).toBe(2);
      expect(await append({ failIfEventsMatch, after: 2 })).toMatchObject({ position: 3 });
    });

    it.each(refused)('%j: %s', async (condition, message) => {
      const store = await openCourse(mode);
      const error = await errorOf(() => store.append(newEvent('new'), condition));
      expect(error).toMatchObject({ code: 'validation_error' });
      if (mode.isRemote !== true) expect(error.message).toContain(message);
      expect(store.watermark).toBe(2);
    });

    it('give the events that are in the way as a read gives them', async () => {
      const store = await openCourse(mode);
      const condition = { failIfEventsMatch: { tags: ['course:c1'] } };
      const error = await failureOf(() => store.append(newEvent('new'), condition));
      const { events } = await store.readPage({ tags: ['course:c1'] });
      expect(error.events).toEqual(events);
      expect(error).toMatchObject({ code: 'append_condition_failed', status: 409 });
      expect(error.message).toContain('append with after 2');
    });

    it('are checked once for all events of a batch, which do not count themselves', async () => {
      const store = await openCourse(mode);
      const failIfEventsMatch = { eventTypes: ['thing.done'], entityIds: ['b'] };
      const batch = [newEvent('b'), newEvent('b')];
      await store.appendBatch(batch, { failIfEventsMatch });
      expect(await codeOf(() => store.appendBatch(batch, { failIfEventsMatch }))).toBe(
        'append_condition_failed',
      );
      expect(store.watermark).toBe(4);
    });

    it('and expected versions must both hold', async () => {
      const store = await openCourse(mode);
      const batch = [newEvent('b')];
      const failIfEventsMatch = { tags: ['course:c1'] };
      const stale = { failIfEventsMatch, after: 2, conditions: { other: 7 } };
      expect(await codeOf(() => store.appendBatch(batch, stale))).toBe('version_conflict');
      const met = { failIfEventsMatch, conditions: { other: 1 } };
      expect(await codeOf(() => store.appendBatch(batch, met))).toBe('append_condition_failed');
      const both = { failIfEventsMatch, after: 2, conditions: { other: 1 } };
      expect(await store.appendBatch(batch, both)).toMatchObject({ ingested: 1 });
    });

    it('are of one tenant', async () => {
      const store = await openCourse(mode);
      const condition = { failIfEventsMatch: { tags: ['course:c1'] } };
      const result = store.append(newEvent('a', {}, { tenantId: 'other' }), condition);
      expect(await result).toMatchObject({ version: 1 });
    });

    it('tell of a hundred events at a time, and from where to go on', async () => {
      const store = await mode.open();
      await store.appendBatch(Array.from({ length: 250 }, (_, i) => newEvent('a', i)));
      let after = 0;
      const counts: number[] = [];
      for (;;) {
        const condition = { failIfEventsMatch: { entityIds: ['a'] }, after };
        const error = await failureOrNothing(store.append(newEvent('b'), condition));
        if (error === undefined) break;
        counts.push(error.events.length);
        after = error.position;
      }
      expect(counts).toEqual([100, 100, 50]);
      expect(store.watermark).toBe(251);
    });

    it('do not stand in the way of the same append again', async () => {
      const store = await mode.open();
      const eventId = '0190b6e8-4f6e-7cc3-98c4-dc0c0c07398f';
      const condition = { failIfEventsMatch: { entityIds: ['a'] } };
      const append = () => store.append(newEvent('a', 1, { eventId }), condition);
      const first = await append();
      expect(await append()).toEqual({ ...first, deduplicated: true });
    });

    it('let one of many writers through at a time', async () => {
      const store = await mode.open();
      const seats = 5;
      const join = async (student: number): Promise<boolean> => {
        const failIfEventsMatch = { tags: ['course:c1'] };
        let [taken, after] = [0, 0];
        for (;;) {
          if (taken === seats) return false;
          const event = newEvent(`s${student}`, {}, { tags: ['course:c1'] });
          const append = store.append(event, { failIfEventsMatch, after });
          const error = await failureOrNothing(append);
          if (error === undefined) return true;
          taken += error.events.length;
          after = error.position;
        }
      };
      const joined = await Promise.all(Array.from({ length: 40 }, (_, i) => join(i)));
      expect(joined.filter(Boolean)).toHaveLength(seats);
      expect((await store.readPage({ tags: ['course:c1'] })).events).toHaveLength(seats);
    });
  });
}

// The three load scenarios of the repository of the DCB specification (https://dcb.events), as tests:
// consistency under parallel writers, positions that only rise, and parallel writes that do not meet.
import { describe, expect, it } from 'vitest';
import { AppendConditionError } from '../../src/index.js';
import type { EventMatch, EmbeddedStore } from '../../src/index.js';
import { collect, durableMode, memoryMode } from '../support/store.js';

const writers = 16;
const courses = 5;
const seats = 7;
const students = 21;

const parallel = <T>(count: number, work: (number: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, number) => work(number)));

const seatTaken = (course: number, student: number) => ({
  eventType: 'seat.taken',
  entityId: `student-${student}`,
  payload: { course, student },
  tags: [`course:${course}`, `student:${student}`],
});

/**
 * Takes a seat if the course has one and the student is not in it: reads what the decision rests on,
 * and appends on condition that nothing of it came in between.
 */
async function takeSeat(store: EmbeddedStore, course: number, student: number): Promise<boolean> {
  const match: EventMatch = { eventTypes: ['seat.taken'], tags: [`course:${course}`] };
  const taken = await collect(store.read({ match }));
  for (let after = taken.at(-1)?.position ?? 0; ;) {
    const isIn = taken.some(({ tags }) => tags.includes(`student:${student}`));
    if (taken.length >= seats || isIn) return false;
    try {
      await store.append(seatTaken(course, student), { failIfEventsMatch: match, after });
      return true;
    } catch (error) {
      if (!(error instanceof AppendConditionError)) throw error;
      // The error has what was in the way: the retry needs no second read.
      taken.push(...error.events);
      after = error.position;
    }
  }
}

describe.each([
  ['in memory', memoryMode],
  ['durable', durableMode('sync')],
])('the scenarios of dcb.events, %s', (_name, mode) => {
  it('parallel writers never break the rule that they all decide by', async () => {
    const store = await mode.open();
    const outcomes = await parallel(writers, async (writer) => {
      let took = 0;
      for (let i = 0; i < 40; i += 1) {
        const choice = writer * 40 + i;
        if (await takeSeat(store, choice % courses, (choice * 11) % students)) took += 1;
      }
      return took;
    });
    const events = await collect(store.read());
    expect(outcomes.reduce((sum, took) => sum + took, 0)).toBe(events.length);
    expect(events.length).toBe(courses * seats);
    for (let course = 0; course < courses; course += 1) {
      const inCourse = events.filter(({ tags }) => tags.includes(`course:${course}`));
      expect(inCourse.length).toBe(seats);
      expect(new Set(inCourse.map(({ entityId }) => entityId)).size).toBe(seats);
    }
  });

  it('positions only rise: what a reader has seen, nothing comes in before', async () => {
    const store = await mode.open();
    let isWriting = true;
    const reading = parallel(4, async () => {
      let seen: number[] = [];
      while (isWriting) {
        const now = (await collect(store.read())).map(({ position }) => position);
        expect(now.slice(0, seen.length)).toEqual(seen);
        expect(now.every((position, i) => position > (now[i - 1] ?? 0))).toBe(true);
        seen = now;
        await new Promise((resolve) => setImmediate(resolve));
      }
      return seen.length;
    });
    await parallel(writers, async (writer) => {
      for (let i = 0; i < 30; i += 1) await store.append(seatTaken(i, writer));
    });
    isWriting = false;
    await reading;
    expect((await collect(store.read())).length).toBe(writers * 30);
  });

  it('writers whose decisions rest on different events never refuse one another', async () => {
    const store = await mode.open();
    await parallel(writers, async (writer) => {
      let after = 0;
      for (let i = 0; i < 30; i += 1) {
        const failIfEventsMatch = { tags: [`student:${writer}`] };
        const appended = await store.append(seatTaken(i, writer), { failIfEventsMatch, after });
        after = appended.position;
      }
    });
    expect((await collect(store.read())).length).toBe(writers * 30);
  });
});

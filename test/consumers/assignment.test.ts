import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Assignment } from '../../src/consumers/group/assignment.js';

const partitions = 32;

function owners(assignment: Assignment): (string | undefined)[] {
  return Array.from({ length: partitions }, (_, at) => assignment.ownerOf(at));
}

function handOverAll(assignment: Assignment): number {
  const moving = assignment.moving();
  for (const partition of moving) assignment.handOver(partition);
  return moving.length;
}

describe('the assignment of partitions', () => {
  it('gives each member its share once the others have handed over', () => {
    const assignment = new Assignment(partitions);
    assignment.join('a');
    handOverAll(assignment);
    expect(assignment.held('a')).toHaveLength(32);
    assignment.join('b');
    expect(assignment.held('a')).toHaveLength(32);
    expect(assignment.held('b')).toEqual([]);
    const moving = assignment.moving();
    expect(moving).toHaveLength(16);
    expect(moving.some((partition) => assignment.mayTake('a', partition))).toBe(false);
    expect(moving.some((partition) => assignment.mayTake('b', partition))).toBe(false);
    handOverAll(assignment);
    expect(assignment.held('a')).toHaveLength(16);
    expect(assignment.held('b')).toEqual(moving);
  });

  it('is fair, complete, and moves no more than it must, whoever comes and goes', () => {
    const step = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 40 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const assignment = new Assignment(partitions);
        for (const [joins, number] of steps) {
          const member = `m${number}`;
          const before = assignment.members.length;
          const lost = joins ? 0 : assignment.held(member).length;
          const share = Math.ceil(partitions / Math.max(before, 1));
          if (joins) assignment.join(member);
          else assignment.leave(member);
          const moved = handOverAll(assignment);
          expect(moved).toBeLessThanOrEqual(Math.max(lost, share));
          const counts = assignment.members.map((name) => assignment.held(name).length);
          const fair = counts.every(
            (count) => Math.abs(count * counts.length - 32) < counts.length,
          );
          expect(fair).toBe(true);
          const owned = owners(assignment).filter((owner) => owner !== undefined).length;
          expect(owned).toBe(counts.length === 0 ? 0 : 32);
        }
      }),
      { numRuns: 300 },
    );
  });
});

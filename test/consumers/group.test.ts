import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConsumerGroup } from '../../src/consumers/group/group.js';
import { seedOf } from '../crash/random.js';
import { GroupRun, ackTimeoutMs, maxAttempts } from './groupModel.js';

/** Also the long form: GROUP_RUNS=10000. */
const runs = Number(process.env['GROUP_RUNS'] ?? 400);

/** The last two are handlers of this process. */
const member = fc.constantFrom('a', 'b', 'c', 'x', 'y');
const isHandler = (name: string): boolean => name >= 'x';
/** Some that move when members come and go, among others. */
const partition = fc.constantFrom(0, 9, 13, 22, 31);

type Step = (run: GroupRun) => void;

/** One of the events that somebody holds, or one that nobody does. */
function pick(run: GroupRun, number: number): number {
  const held = [...run.held.keys()];
  return number % 7 === 0 ? number : (held[number % Math.max(held.length, 1)] ?? number);
}

const append = fc
  .tuple(fc.array(partition, { minLength: 1, maxLength: 12 }), fc.nat(3))
  .map(([partitions, gap]): Step => (run) => {
    for (const at of partitions) run.append(at, gap);
  });
const read = fc.integer({ min: 1, max: 30 }).map(
  (limit): Step =>
    (run) =>
      run.read(limit),
);
const join = member.map(
  (name): Step =>
    (run) =>
      run.join(name, isHandler(name)),
);
const leave = member.map(
  (name): Step =>
    (run) =>
      run.leave(name),
);
const upTo10 = fc.integer({ min: 1, max: 10 });
const take = fc.tuple(member, upTo10, upTo10).map(([name, max, given]): Step => {
  return (run) => {
    if (!isHandler(name)) run.take(name, max, given);
  };
});
const handle = fc.tuple(member, partition, upTo10).map(([name, at, max]): Step => {
  return (run) => run.handle(name, at, max);
});
const endHandling = partition.map(
  (at): Step =>
    (run) =>
      run.endHandling(at),
);
const ack = fc.tuple(member, fc.nat(100)).map(([name, number]): Step => {
  return (run) => run.ack(name, pick(run, number));
});
const ackOwn = fc.nat(100).map((number): Step => (run) => {
  const position = pick(run, number);
  run.ack(run.held.get(position)?.member ?? 'a', position);
});
const delay = fc.option(fc.constantFrom(0, 5, 70), { nil: undefined });
const nack = fc.tuple(fc.nat(100), delay).map(([number, ms]): Step => (run) => {
  const position = pick(run, number);
  run.nack(run.held.get(position)?.member ?? 'a', position, ms);
});
const pass = fc.integer({ min: 1, max: 150 }).map(
  (ms): Step =>
    (run) =>
      run.pass(ms),
);
const park = fc.constant<Step>((run) => run.park());
const failForGood = fc.nat(20).map(
  (number): Step =>
    (run) =>
      run.failForGood(number),
);
const replay = fc.nat(20).map(
  (number): Step =>
    (run) =>
      run.replay(number),
);
const percent = fc.integer({ min: 0, max: 100 });
const drop = fc.integer({ min: 0, max: 60 }).map(
  (part): Step =>
    (run) =>
      run.drop(part),
);
const seek = percent.map(
  (part): Step =>
    (run) =>
      run.seekTo(part),
);

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: append },
    { weight: 10, arbitrary: read },
    { weight: 8, arbitrary: join },
    { weight: 2, arbitrary: leave },
    { weight: 16, arbitrary: take },
    { weight: 6, arbitrary: handle },
    { weight: 3, arbitrary: endHandling },
    { weight: 4, arbitrary: ack },
    { weight: 16, arbitrary: ackOwn },
    { weight: 12, arbitrary: nack },
    { weight: 4, arbitrary: pass },
    { weight: 5, arbitrary: park },
    { weight: 10, arbitrary: failForGood },
    { weight: 10, arbitrary: replay },
    { weight: 1, arbitrary: drop },
    { weight: 2, arbitrary: seek },
  ),
  { minLength: 20, maxLength: 150, size: 'max' },
);

/** Everybody works until nothing is left. */
function finish(run: GroupRun): void {
  for (const handler of ['x', 'y']) run.leave(handler);
  for (let round = 0; round < 2000 && !run.isFinished; round += 1) {
    run.join('a');
    run.read(50);
    run.take('a', 20);
    for (const [position, { member: holder }] of run.held) {
      if (holder === 'a') run.ack('a', position);
    }
    run.park();
    run.pass(ackTimeoutMs / 2);
  }
}

describe('the group of a consumer', () => {
  it(
    'keeps order, gives no partition to two, and loses nothing, whatever happens',
    () => {
      const seed = seedOf(process.env['GROUP_SEED']);
      fc.assert(
        fc.property(steps, (program) => {
          const run = new GroupRun();
          for (const step of program) {
            step(run);
            run.check();
          }
          finish(run);
          expect(run.isFinished).toBe(true);
          run.read(1000);
          run.check();
        }),
        { numRuns: runs, seed },
      );
      console.log(`GROUP_SEED=${seed}: ${runs} histories`);
    },
    60_000 + runs * 100,
  );

  it('stops a full partition, goes on with the others, and comes back to it', () => {
    const run = new GroupRun();
    run.group.join('a', 0);
    for (let i = 0; i < 1500; i += 1) run.append(0, 0);
    for (let i = 0; i < 10; i += 1) run.append(1, 0);
    run.read(100_000);
    expect(run.group.readTo).toBe(1510);
    expect(run.group.readFrom).toBe(1510);
    for (let round = 0; round < 1000 && !run.isFinished; round += 1) {
      run.take('a', 20);
      for (const position of [...run.held.keys()]) run.ack('a', position);
      run.read(100_000);
    }
    expect(run.isFinished).toBe(true);
    expect(run.group.cursors.every((cursor) => cursor === 1510)).toBe(true);
  });

  it('takes nothing behind what a partition has not read', () => {
    const run = new GroupRun();
    run.group.join('a', 0);
    for (let i = 0; i < 1200; i += 1) run.append(0, 0);
    run.read(1100);
    expect(run.group.readTo).toBe(1100);
    expect(run.group.readFrom).toBe(1100);
    // Room is made while the next piece is being read.
    for (let round = 0; round < 26; round += 1) {
      run.take('a', 20);
      for (const position of [...run.held.keys()]) run.ack('a', position);
    }
    run.group.add([{ position: 1101, partition: 0 }], { from: 1100, to: 1101 }, () => false);
    expect(run.group.readFrom).toBe(1000);
    run.read(10);
    expect(run.group.readFrom).toBe(1010);
  });

  it('waits with a partition that failed, and doubles the wait', () => {
    const delays: number[] = [];
    const group = new ConsumerGroup(
      Array.from({ length: 32 }, () => 0),
      {
        maxInFlight: 10,
        ackTimeoutMs: 1000,
        memberTimeoutMs: 10_000,
        maxAttempts: 4,
        retryDelay: (attempts) => 100 * 2 ** (attempts - 1),
      },
    );
    group.join('a', 0);
    group.add([{ position: 1, partition: 3 }], { from: 0, to: 1 }, () => false);
    let now = 0;
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      expect(group.take('a', 5, now)).toEqual([{ position: 1, attempt }]);
      group.nack('a', 1, { now, reason: 'no' });
      expect(group.take('a', 5, now)).toEqual([]);
      if (attempt === 4) break;
      delays.push(group.nextTime(now) - now);
      now = group.nextTime(now);
    }
    expect(delays).toEqual([100, 200, 400]);
    expect(group.parking()).toEqual([
      { partition: 3, position: 1, isReplay: false, attempts: 4, reason: 'no' },
    ]);
    group.parked(3, 1);
    expect(group.cursorOf(3)).toBe(1);
    group.replay(3, 1);
    expect(group.take('a', 5, now)).toEqual([{ position: 1, attempt: 1 }]);
    expect(group.ack('a', 1)).toEqual({ partition: 3, isReplay: true });
  });

  it('keeps the longer wait where an event fails, and a replay of its partition too', () => {
    const run = new GroupRun();
    run.join('a');
    run.append(3, 0);
    run.append(3, 0);
    run.read(1);
    for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
      run.take('a', 1);
      run.nack('a', 1, 0);
    }
    run.park();
    run.read(1);
    run.replay(0);
    run.take('a', 2);
    run.nack('a', 2, 70);
    run.nack('a', 1, 5);
    expect(run.group.nextTime(0)).toBe(70);
  });
});

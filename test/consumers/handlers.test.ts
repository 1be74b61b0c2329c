// How handlers share what they may do at a time among the partitions.
import { describe, expect, it } from 'vitest';
import type { EmbeddedStore, HandlerOptions } from '../../src/index.js';
import { memoryMode, newEvent } from '../support/store.js';

const poll = (read: () => unknown) => expect.poll(read, { timeout: 20_000, interval: 2 });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** So many events of each of 200 entities, which all partitions have some of. */
async function appendEach(store: EmbeddedStore, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    await store.appendBatch(Array.from({ length: 200 }, (_, at) => newEvent(`e${at}`, i)));
  }
}

/** Handles all there is, and tells the most that was in flight and that ran at a time. */
async function mostOf(options: HandlerOptions): Promise<{ inFlight: number; running: number }> {
  const store = await memoryMode.open();
  await appendEach(store, 8);
  await store.consumers.create({ name: 'c', maxInFlight: options.maxInFlight });
  const consumer = await store.consumers.get('c');
  const most = { inFlight: 0, running: 0 };
  let running = 0;
  let handled = 0;
  const handler = async (): Promise<void> => {
    running += 1;
    const { inFlight } = await consumer.info();
    await turn();
    most.inFlight = Math.max(most.inFlight, inFlight);
    most.running = Math.max(most.running, running);
    running -= 1;
    handled += 1;
  };
  const worker = await store.consumer('c', handler, options);
  await poll(() => handled).toBe(1600);
  await worker.stop();
  return most;
}

describe('maxInFlight of a handler', () => {
  it.each<[HandlerOptions, number]>([
    [{ maxInFlight: 1 }, 1],
    [{ maxInFlight: 7 }, 7],
    [{ maxInFlight: 40 }, 32],
    [{ maxInFlight: 100, concurrency: 3 }, 3],
    [{}, 32],
  ])(
    '%j is what it holds at most, and %i partitions run at a time',
    async (options, partitions) => {
      const most = await mostOf(options);
      expect(most.inFlight).toBeLessThanOrEqual(options.maxInFlight ?? 1000);
      expect(most.running).toBe(partitions);
    },
  );
});

/** A turn of a partition: events of it that were handled one after the other. */
interface Turn {
  readonly partition: number;
  count: number;
}

/**
 * Handles one event of each of 200 entities beside one of which there are always more, until all others
 * are done or the busy one has had far more than its share.
 */
async function turnsBesideBusy(options: HandlerOptions) {
  const store = await memoryMode.open();
  await appendEach(store, 1);
  const left = new Map<number, number>();
  for await (const { partition } of store.read()) {
    left.set(partition, (left.get(partition) ?? 0) + 1);
  }
  await store.appendBatch(Array.from({ length: 200 }, () => newEvent('busy')));
  const turns: Turn[] = [];
  let busy = -1;
  let handledBusy = 0;
  let handledOthers = 0;
  const worker = await store.consumer(
    'c',
    ({ entityId, partition }, { append }) => {
      const last = turns.at(-1);
      // Alone it may go on.
      if (handledOthers === 200) return;
      if (last?.partition === partition) last.count += 1;
      else turns.push({ partition, count: 1 });
      if (entityId === 'busy') {
        busy = partition;
        handledBusy += 1;
        append(newEvent('busy'));
      } else {
        handledOthers += 1;
      }
    },
    options,
  );
  await poll(() => handledOthers === 200 || handledBusy > 2000).toBe(true);
  await worker.stop();
  return { turns, left, busy, handledOthers };
}

describe('a partition that always has more', () => {
  it.each<[HandlerOptions, number]>([
    [{ concurrency: 1 }, 64],
    [{ maxInFlight: 1 }, 1],
    [{ maxInFlight: 5, concurrency: 1 }, 5],
  ])('%j: has no second turn before each other has had one', async (options, turnMax) => {
    const { turns, left, busy, handledOthers } = await turnsBesideBusy(options);
    expect(handledOthers).toBe(200);
    let waiting = new Set<number>();
    for (const { partition, count } of turns) {
      expect(count).toBeLessThanOrEqual(turnMax);
      waiting.delete(partition);
      left.set(partition, (left.get(partition) ?? 0) - count);
      if (partition !== busy) continue;
      expect([...waiting]).toEqual([]);
      waiting = new Set(
        [...left].filter(([at, open]) => at !== busy && open > 0).map(([at]) => at),
      );
    }
  });

  it('takes no part from others that run beside it', async () => {
    const { turns, busy, handledOthers } = await turnsBesideBusy({ concurrency: 4 });
    expect(handledOthers).toBe(200);
    const ofBusy = turns.filter(({ partition }) => partition === busy);
    expect(ofBusy.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(1000);
  });

  it('leaves members that pull as much of the others', async () => {
    const store = await memoryMode.open();
    const names = ['e1', 'e2', 'e3'];
    for (const name of names) {
      await store.appendBatch(Array.from({ length: 100 }, (_, i) => newEvent(name, i)));
    }
    await store.consumers.create({ name: 'c' });
    const consumer = await store.consumers.get('c');
    const counts = new Map(names.map((name) => [name, 0]));
    for (let handled = 0; handled < 300;) {
      const deliveries = await consumer.pull({ member: 'm', limit: 10, waitMs: 1000 });
      expect(deliveries).toHaveLength(10);
      handled += deliveries.length;
      for (const { event } of deliveries) {
        counts.set(event.entityId, (counts.get(event.entityId) ?? 0) + 1);
      }
      expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(10);
      await consumer.ack(
        'm',
        deliveries.map(({ event }) => event.position),
      );
    }
  });
});

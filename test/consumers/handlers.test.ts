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

import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { type Target, appendLines, lines, startListening } from './support.js';

const clients = 1_000;
const stalledClients = 10;
const batches = 40;
/** Of each kind, in a batch. */
const batchEvents = 25;
const bufferBytesMax = 64 * 1024;
/** What one of those that stall would hold: all large events. */
const largeBytes = batches * batchEvents * 20_000;

/** Counts events by the checkpoints of batches, without parsing them. */
class Counter {
  position = 0;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      const text = data.toString('latin1', 0, 64);
      const at = text.indexOf('"position":');
      if (at > 0) this.position = Number.parseInt(text.slice(at + '"position":'.length), 10);
    });
    socket.on('error', () => undefined);
  }

  static async open({ port }: Target, filter: object): Promise<Counter> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/events/stream`);
    onTestFinished(() => socket.terminate());
    await once(socket, 'open');
    const counter = new Counter(socket);
    socket.send(JSON.stringify({ type: 'subscribe', batch: true, ...filter }));
    return counter;
  }
}

/** What is in use, without what is to be collected. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function openMany(target: Target, count: number, filter: object): Promise<Counter[]> {
  const all: Counter[] = [];
  while (all.length < count) {
    const next = Array.from({ length: Math.min(50, count - all.length) }, () =>
      Counter.open(target, filter),
    );
    all.push(...(await Promise.all(next)));
  }
  return all;
}

describe('a thousand WebSockets', () => {
  it('get everything, while ten that read nothing cost neither memory nor time', async () => {
    const target = await startListening({ streamBufferBytesMax: bufferBytesMax });
    const stalled = await openMany(target, stalledClients, {});
    for (const { socket } of stalled) socket.pause();
    const reading = await openMany(target, clients - stalledClients, { entity_id: 'small' });
    const filler = 'x'.repeat(20_000);
    const before = heldBytes();
    const begin = performance.now();
    for (let batch = 0; batch < batches; batch += 1) {
      const large = lines(batchEvents, { entity: 'large', filler });
      await appendLines(target, `${large}\n${lines(batchEvents, { entity: 'small' })}`);
    }
    const events = batches * batchEvents * 2;
    const complete = (counters: Counter[]): number =>
      counters.filter(({ position }) => position === events).length;
    const soon = { timeout: 60_000, interval: 5 };
    await expect.poll(() => complete(reading), soon).toBe(reading.length);
    const ms = performance.now() - begin;
    const grown = heldBytes() - before;
    console.log(
      `${events / 2} events to ${reading.length} clients in ${ms.toFixed(0)} ms; ` +
        `${(grown / 1e6).toFixed(1)} MB more, the log has ${(largeBytes / 1e6).toFixed(0)} MB`,
    );
    expect(complete(stalled)).toBe(0);
    // The log itself is in memory, too, and each of the ten may hold a chunk.
    expect(grown).toBeLessThan(stalledClients * largeBytes * 0.25);
    for (const { socket } of stalled) socket.resume();
    await expect.poll(() => complete(stalled), soon).toBe(stalledClients);
  }, 120_000);
});

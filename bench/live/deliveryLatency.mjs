import { performance } from 'node:perf_hooks';

import { makeOrderBatches } from '../input/order.mjs';
import { openBenchStore } from '../throughput/openBenchStore.mjs';
import { quantile } from './quantile.mjs';
import { openSocket, startServer } from './serverProcess.mjs';

const batchEvents = 100;
const batchesAtHand = 64;

/**
 * Time from an append's acknowledgement to its events in the hands of a live subscriber, in
 * milliseconds, while `rate` durable events a second are appended in batches of 100. `process`: a
 * subscription of the API, events as objects; `webSocket`: frames of batches, parsed, in this
 * process, from the server's, where the appends come over HTTP.
 *
 * @param {{via: 'process' | 'webSocket', rate: number, mode: string, dataDir: string,
 *   warmUpSeconds: number, seconds: number}} options
 */
export async function run(options) {
  const appended = options.via === 'process' ? await inProcess(options) : await overSocket(options);
  const latencies = appended.toSorted((a, b) => a - b);
  const [p50, p99] = [quantile(latencies, 0.5), quantile(latencies, 0.99)];
  return { value: p99, extra: { p50, max: latencies.at(-1), batches: latencies.length } };
}

async function inProcess(options) {
  const store = await openBenchStore(options);
  const seen = new Receipts();
  const stop = new AbortController();
  const reading = (async () => {
    for await (const { events } of store.subscribe({ signal: stop.signal })) {
      const position = events.at(-1)?.position;
      if (position !== undefined) seen.add(position);
    }
  })();
  const append = async (body) =>
    (await store.appendBatch(body, { return: 'summary' })).lastPosition;
  await pace(options, { append, seen });
  stop.abort();
  await reading;
  await store.close();
  return seen.latencies;
}

async function overSocket(options) {
  const server = await startServer(options.dataDir);
  const seen = new Receipts();
  const socket = await openSocket(server.url, { type: 'subscribe', batch: true }, (frame) => {
    const position = frame.events?.at(-1)?.position;
    if (position !== undefined) seen.add(position);
  });
  const append = async (body) => {
    const response = await fetch(`${server.url}/api/v1/events/batch?return=summary`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body,
    });
    return (await response.json()).last_position;
  };
  await pace(options, { append, seen });
  socket.terminate();
  await server.stop();
  return seen.latencies;
}

/**
 * Appends at an even rate, whatever the answers take; what comes in the warm-up does not count.
 *
 * @param {{rate: number, warmUpSeconds: number, seconds: number}} options
 */
async function pace({ rate, warmUpSeconds, seconds }, { append, seen }) {
  const bodies = makeOrderBatches({ batches: batchesAtHand, events: batchEvents });
  const begin = performance.now();
  const end = begin + (warmUpSeconds + seconds) * 1000;
  const pending = new Set();
  for (let sent = 0; performance.now() < end;) {
    const due = Math.floor(((performance.now() - begin) / 1000) * (rate / batchEvents));
    for (; sent < due; sent++) {
      const counts = performance.now() > begin + warmUpSeconds * 1000;
      const done = append(bodies[sent % bodies.length]).then((position) => {
        const acknowledgedAt = performance.now();
        pending.delete(done);
        if (counts) seen.expect(position, acknowledgedAt);
      });
      pending.add(done);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(pending);
  await seen.complete();
  const took = (performance.now() - begin) / 1000;
  if (took > (warmUpSeconds + seconds) * 1.2) throw new Error(`${rate} events/s were not reached`);
}

/** When positions were seen, and how long after they were acknowledged. */
class Receipts {
  /** Milliseconds; 0 where the subscriber was faster than the acknowledgement. */
  latencies = [];
  #seen = { position: 0, at: 0 };
  #expected = [];

  add(position) {
    this.#seen = { position, at: performance.now() };
    while (this.#expected.length > 0 && this.#expected[0].position <= position) {
      const { acknowledgedAt } = this.#expected.shift();
      this.latencies.push(Math.max(this.#seen.at - acknowledgedAt, 0));
    }
  }

  expect(position, acknowledgedAt) {
    if (position <= this.#seen.position) this.latencies.push(0);
    else this.#expected.push({ position, acknowledgedAt });
  }

  async complete() {
    while (this.#expected.length > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

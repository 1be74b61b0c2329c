import { performance } from 'node:perf_hooks';

import { makeOrderBatches } from '../input/order.mjs';
import { openSocket, startServer } from './serverProcess.mjs';

const batchEvents = 100;
const deliveriesMax = 2_000_000;
const eventsMax = 100_000;

/**
 * Events a second that `clients` live WebSockets of one stream get together, each all of them, while
 * they are appended over HTTP as fast as they are acknowledged. The clients share this process and
 * count frames of batches without parsing the events.
 *
 * @param {{clients: number, dataDir: string}} options
 */
export async function run({ clients, dataDir }) {
  const server = await startServer(dataDir);
  const events = Math.min(
    eventsMax,
    Math.ceil(deliveriesMax / clients / batchEvents) * batchEvents,
  );
  const ends = new Array(clients).fill(0);
  let finished = 0;
  /** @type {(value?: unknown) => void} */
  let finish = () => undefined;
  const done = new Promise((resolve) => (finish = resolve));
  const sockets = [];
  for (let client = 0; client < clients; client++) {
    const subscribe = { type: 'subscribe', batch: true };
    const socket = await openSocket(server.url, subscribe, ({ position }) => {
      const before = ends[client];
      ends[client] = position;
      if (before < events && position >= events && ++finished === clients) finish();
    });
    sockets.push(socket);
  }
  const bodies = makeOrderBatches({ batches: 16, events: batchEvents });
  const begin = performance.now();
  for (let sent = 0; sent < events; sent += batchEvents) {
    const response = await fetch(`${server.url}/api/v1/events/batch?return=summary`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: bodies[(sent / batchEvents) % bodies.length],
    });
    if (!response.ok) throw new Error(await response.text());
    await response.arrayBuffer();
  }
  await done;
  const seconds = (performance.now() - begin) / 1000;
  for (const socket of sockets) socket.terminate();
  const report = await server.stop();
  return { value: (events * clients) / seconds, extra: { events, server: report } };
}

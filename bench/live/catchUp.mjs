import { performance } from 'node:perf_hooks';

import { openEventStore } from '../../dist/index.js';
import { prepareStore } from '../read/preparedStore.mjs';
import { openSocket, startServer } from './serverProcess.mjs';

const entities = 100_000;
const eventsPerEntity = 10;

/**
 * How fast a subscriber from the beginning gets a million events, the store just opened. `bytes`: JSON
 * in the wire names as the server takes it; `objects`: a subscription of the API; `webSocket`: frames
 * of batches from a server in another process, each parsed.
 *
 * @param {{via: 'bytes' | 'objects' | 'webSocket', dataDir: string}} options
 */
export async function run({ via, dataDir }) {
  const prepared = await prepareStore({ dataDir, entities, eventsPerEntity });
  await prepared.close();
  const events = entities * eventsPerEntity;
  const catchUp = { bytes: followBytes, objects: readObjects, webSocket: readSocket }[via];
  const { count, seconds } = await catchUp(dataDir, events);
  if (count !== events) throw new Error(`expected ${events} events, got ${count}`);
  return { value: events / seconds };
}

/** @param {string} dataDir */
async function followBytes(dataDir) {
  const store = await openEventStore({ dataDir });
  const begin = performance.now();
  const follower = store.wire.follow({ from: 'beginning' }, 'list');
  let count = 0;
  for (;;) {
    const delivery = await follower.next(Infinity);
    count += delivery?.chunk?.count ?? 0;
    if (delivery?.mark === 'caughtUp') break;
  }
  const seconds = (performance.now() - begin) / 1000;
  await store.close();
  return { count, seconds };
}

/** @param {string} dataDir */
async function readObjects(dataDir) {
  const store = await openEventStore({ dataDir });
  const begin = performance.now();
  let count = 0;
  for await (const { events, mark } of store.subscribe({ from: 'beginning' })) {
    count += events.length;
    if (mark === 'caughtUp') break;
  }
  const seconds = (performance.now() - begin) / 1000;
  await store.close();
  return { count, seconds };
}

/** @param {string} dataDir */
async function readSocket(dataDir) {
  const server = await startServer(dataDir);
  let count = 0;
  const begin = performance.now();
  /** @type {(value?: unknown) => void} */
  let finish = () => undefined;
  const done = new Promise((resolve) => (finish = resolve));
  const subscribe = { type: 'subscribe', from_position: 1, batch: true };
  const socket = await openSocket(server.url, subscribe, (frame) => {
    count += frame.events.length;
    if (frame.mark === 'caught_up') finish();
  });
  await done;
  const seconds = (performance.now() - begin) / 1000;
  socket.terminate();
  await server.stop();
  return { count, seconds };
}

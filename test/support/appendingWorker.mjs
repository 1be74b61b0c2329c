// A worker thread that opens a store and is ended by its test at some moment of its work.
import { parentPort, workerData } from 'node:worker_threads';
import { openEventStore } from '../../dist/index.js';

const { dataDir, kind } = workerData;
const newEvent = () => ({ eventType: 'thing.done', entityId: 'a', payload: 'x'.repeat(200) });
const appendMany = (store, count) =>
  Promise.all(Array.from({ length: count }, () => store.append(newEvent())));

const opened = openEventStore({
  dataDir,
  segmentBytesMax: 64 * 1024,
  snapshots: { automatic: false },
});
if (kind === 'opening') parentPort.postMessage(0);
const store = await opened;

/** What the worker does over and over; it tells its watermark in between. */
const work = {
  appending: () => appendMany(store, 200),
  opening: () => appendMany(store, 200),
  reading: async () => {
    const chunks = [];
    for await (const chunk of store.readNdjson()) chunks.push(chunk);
  },
  verifying: () => store.verify(),
};

if (kind === 'finish') {
  await appendMany(store, 500);
  await store.close();
  parentPort.postMessage(500);
} else {
  const appends = appendMany(store, 2000);
  if (kind !== 'appending') await appends;
  if (kind === 'closing') void store.close();
  for (;;) {
    parentPort.postMessage(store.watermark);
    await work[kind]?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

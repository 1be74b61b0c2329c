// The process whose disk fails: appends before, during and after the failure, and tells as JSON what
// came of each append and what reads still show.
import { writeFileSync } from 'node:fs';
import { openEventStore } from '../../dist/index.js';

const [dataDir, durability] = process.argv.slice(2);
const store = await openEventStore({ dataDir, durability, segmentBytesMax: 64 * 1024 });

const newEvent = (number) => ({
  eventType: 'fault.test',
  entityId: `e${number % 3}`,
  eventId: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
  payload: { number },
});

async function outcomeOf(append) {
  try {
    const result = await append;
    return result.position ?? result.lastPosition;
  } catch (error) {
    return error.code ?? String(error);
  }
}

const before = [];
for (let i = 0; i < 5; i++) before.push(await outcomeOf(store.append(newEvent(i))));
const subscribed = [];
const reading = (async () => {
  for await (const event of store.subscribe({ from: 'beginning' }).events())
    subscribed.push(event.position);
})();

writeFileSync(process.env.FAULT_TRIGGER, '');
const during = await Promise.all([
  ...[5, 6, 7, 8].map((number) => outcomeOf(store.append(newEvent(number)))),
  outcomeOf(store.appendBatch([9, 10, 11].map(newEvent))),
]);
// In async mode the write goes through, and the sync that fails comes later.
while (!store.readOnly) await new Promise((resolve) => setImmediate(resolve));

const after = [
  await outcomeOf(store.append(newEvent(12))),
  await outcomeOf(store.appendBatch([newEvent(13)])),
];
const read = [];
for await (const event of store.read()) read.push(event.payload.number);
const page = await store.readBytes();
const state = await store.state('e0');
const report = {
  before,
  during,
  after,
  read,
  pageCount: page.count,
  stateVersion: state.version,
  watermark: store.watermark,
  readOnly: store.readOnly,
  closed: await outcomeOf(store.close().then(() => ({ position: 'closed' }))),
};
await reading;
process.stdout.write(JSON.stringify({ ...report, subscribed }));

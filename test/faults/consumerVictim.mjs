// The process whose disk fails while a consumer works: it acknowledges a dead letter that was delivered
// again when nothing can be recorded any more, and tells as JSON what came of each call.
import { writeFileSync } from 'node:fs';
import { openEventStore } from '../../dist/index.js';

const store = await openEventStore({ dataDir: process.argv[2], segmentBytesMax: 64 * 1024 });
const order = (number) => ({ eventType: 'order', entityId: 'o', payload: { number } });

async function outcomeOf(call) {
  try {
    return await call;
  } catch (error) {
    return { code: error.code ?? String(error), message: error.message };
  }
}

await store.consumers.create({ name: 'c', maxAttempts: 1, filter: { eventType: 'order' } });
const consumer = await store.consumers.get('c');
await store.appendBatch([order(1), order(2)]);
const pull = () => consumer.pull({ member: 'm', limit: 10, waitMs: 1000 });
const positions = (await pull()).map(({ event }) => event.position);
await consumer.ack('m', positions.slice(1));
await consumer.nack('m', positions.slice(0, 1), { reason: 'no' });
while ((await consumer.deadLetters()).length === 0) await new Promise(setImmediate);
await consumer.replayDeadLetters();
const again = (await pull()).map(({ event }) => event.position);

// One of these has nothing to do; the other is in its handler when the disk fails.
const idle = await store.consumer('idle', () => undefined, { filter: { eventType: 'none' } });
let began;
const hasBegun = new Promise((resolve) => (began = resolve));
let goOn;
const mayGoOn = new Promise((resolve) => (goOn = resolve));
const busy = await store.consumer('busy', async (event, { append }) => {
  began();
  await mayGoOn;
  append({ eventType: 'done', entityId: 'd', payload: event.position });
});
await hasBegun;
// It has read all there is, and nothing of its own wakes it.
const idleConsumer = await store.consumers.get('idle');
while ((await idleConsumer.info()).lag > 0) await new Promise(setImmediate);
await new Promise((resolve) => setTimeout(resolve, 50));

writeFileSync(process.env.FAULT_TRIGGER, '');
const acknowledged = await outcomeOf(consumer.ack('m', again));
goOn();
const info = await consumer.info();
const report = {
  positions,
  again,
  acknowledged,
  deadLetters: info.deadLetters,
  inFlight: info.inFlight,
  readOnly: store.readOnly,
  ackAgain: await outcomeOf(consumer.ack('m', again)),
  nack: await outcomeOf(consumer.nack('m', again, { reason: 'no' })),
  pull: await outcomeOf(pull()),
  replay: await outcomeOf(consumer.replayDeadLetters()),
  seek: await outcomeOf(store.consumers.seek('c', 'now')),
  busy: await outcomeOf(busy.done),
  idle: await Promise.race([
    outcomeOf(idle.done),
    new Promise((resolve) => setTimeout(resolve, 5000, 'still there')),
  ]),
  started: await outcomeOf(
    store.consumer('idle', () => undefined, { filter: { eventType: 'none' } }).then((w) => w.done),
  ),
};
// A store that failed says so once more.
await outcomeOf(store.close());
process.stdout.write(JSON.stringify(report), () => process.exit());

// Appends orders whose pipelines post and ask other servers, until it is killed. Arguments: directory, seed,
// URL of the receiver, URL of the server that is asked.
import { openEventStore, pipeline } from '../../dist/index.js';
import { outsideDefinitions } from './outsideDefinitions.mjs';

const [, , dataDir, seedText, hook, lookup] = process.argv;
let state = Number(seedText) >>> 0;
const random = (below) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state >>> 8) % below;
};

const store = await openEventStore({ dataDir, allowPrivateLookups: true });
await store.webhooks.start({ allowPrivateAddresses: true });
for (const definition of outsideDefinitions(pipeline, { hook, lookup })) {
  await store.pipelines.create(definition, { id: definition.name, from: 'beginning' });
}
console.log('ready');
for (;;) {
  const events = Array.from({ length: 1 + random(3) }, () => ({
    eventType: 'order.placed',
    entityId: `order-${random(30)}`,
    payload: { region: ['eu', 'us', 'apac'][random(3)], total: random(100), customer: random(50) },
  }));
  await store.appendBatch(events, { return: 'summary' });
  await new Promise((resolve) => setTimeout(resolve, random(60)));
}

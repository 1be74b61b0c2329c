// Appends orders that pipelines process, until it is killed. Arguments: directory, seed.
import { openEventStore, pipeline } from '../../dist/index.js';
import { definitions } from './definitions.mjs';

const [, , dataDir, seedText] = process.argv;
let state = Number(seedText) >>> 0;
const random = (below) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state % below;
};

const store = await openEventStore({ dataDir });
for (const definition of definitions(pipeline)) {
  await store.pipelines.create(definition, { id: definition.name, from: 'beginning' });
}
console.log('ready');
for (;;) {
  const events = Array.from({ length: 1 + random(12) }, () => ({
    eventType: random(5) === 0 ? 'order.paid' : 'order.placed',
    entityId: `order-${random(30)}`,
    payload: {
      region: ['eu', 'us', 'apac'][random(3)],
      total: random(9) === 0 ? 'nothing' : random(100),
      // Out of order by up to a minute.
      at: (1_770_000_000 + (Math.floor(Date.now() / 20) % 100_000) - random(60)) * 1_000_000,
    },
  }));
  await store.appendBatch(events, { return: 'summary' });
  if (random(3) === 0) await new Promise((resolve) => setTimeout(resolve, random(8)));
}

// The process that is killed: it appends to a few entities, of which the store makes snapshots.
//
//   ready   the store is open
import { defineReducer, openEventStore } from '../../dist/index.js';

const [dataDir, seedText] = process.argv.slice(2);

function makeRandom(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const random = makeRandom(Number(seedText));
const sum = defineReducer({
  entityType: 'sum',
  version: 1,
  init: () => ({ total: 0 }),
  on: { 'thing.done': ({ total }, { payload }) => ({ total: total + payload.n }) },
});
const store = await openEventStore({
  dataDir,
  segmentBytesMax: 65_536,
  reducers: [sum],
  snapshots: { eventThreshold: 3 },
});
console.log('ready');
for (let number = 0; ; number += 1) {
  const entityId = random(2) === 0 ? `sum-${random(10)}` : `e-${random(10)}`;
  const payload = { n: number, [`k${random(8)}`]: number, o: { [`n${random(4)}`]: number } };
  await store.append({ eventType: 'thing.done', entityId, payload });
  if (random(20) === 0) await store.snapshots.create(entityId);
  if (random(20) === 0) await store.state(entityId, entityId[0] === 'e' ? { merge: 'deep' } : {});
  if (random(10) === 0) await new Promise((resolve) => setTimeout(resolve, random(4)));
}

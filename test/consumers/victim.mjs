// The process that is killed: it appends orders, and two members of a consumer bill each of them.
//
//   ready               the store is open and the members are there
//   failed <reason>     a member can't go on
import { openEventStore } from '../../dist/index.js';

const [dataDir, seedText] = process.argv.slice(2);

function makeRandom(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const random = makeRandom(Number(seedText));
const store = await openEventStore({ dataDir, segmentBytesMax: 65_536 });

async function bill(event, { append }) {
  append({ eventType: 'order.billed', entityId: event.entityId, payload: event.position });
  if (random(5) === 0) await new Promise((resolve) => setTimeout(resolve, random(4)));
  if (random(20) === 0) throw new Error('now and then');
}

const options = { filter: { eventType: 'order.placed' }, maxAttempts: 1000 };
for (let member = 0; member < 2; member += 1) {
  const worker = await store.consumer('billing', bill, options);
  worker.done.catch((error) => console.log(`failed ${error}`));
}
console.log('ready');
for (let number = 0; ; number += 1) {
  const entityId = `order-${random(50)}`;
  await store.append({ eventType: 'order.placed', entityId, payload: number });
  // Members join and leave in between.
  if (number % 100 === 99) {
    const worker = await store.consumer('billing', bill, options);
    setTimeout(() => void worker.stop(), random(200));
  }
}

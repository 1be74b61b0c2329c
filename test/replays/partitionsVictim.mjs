// Appends orders and replays projections of them in partitions, until it is killed. Arguments: directory, seed.
import { openEventStore } from '../../dist/index.js';
import { customers, lists } from './partitioned.mjs';

const [, , dataDir, seedText] = process.argv;
let state = Number(seedText) >>> 0;
const random = (below) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state >>> 8) % below;
};

const store = await openEventStore({ dataDir });
for (const projection of [lists, customers]) await store.projections.start(projection);

async function replayAgain() {
  const config = { partitions: 1 + random(3), batchSize: 20 + random(300) };
  const mode = random(2) === 0 ? 'clear' : 'blue_green';
  const { replayId } = await store.replays.start({ mode, config: { ...config, parallel: true } });
  if (random(4) === 0) await store.replays.cancel(replayId);
  else await store.replays.ended(replayId);
}

/** One that is under way, also of a process before, has to end first. */
async function replayOnAndOn() {
  for (;;) {
    await replayAgain().catch(async (error) => {
      if (error.code !== 'replay_running') console.log(error);
      await new Promise((resolve) => setTimeout(resolve, 20));
    });
  }
}

console.log('ready');
void replayOnAndOn();
for (;;) {
  const events = Array.from({ length: 1 + random(400) }, () => ({
    eventType: random(25) === 0 ? 'order.deleted' : 'order.placed',
    entityId: `order-${random(60)}`,
    payload: random(1000) === 0 ? [11, 13, 17, 19][random(4)] : 20 + random(80),
  }));
  await store.appendBatch(events, { return: 'summary' });
  await new Promise((resolve) => setTimeout(resolve, random(100)));
}

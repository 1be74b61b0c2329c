// Keeps a projection and pipelines, and kills itself right behind the n-th append that these make durable.
// Arguments: directory, n.
import { defineProjection, openEventStore, pipeline } from '../../dist/index.js';
import { SystemAccess } from '../../dist/eventStore/index.js';
import { definitions } from './definitions.mjs';

const [, , dataDir, countText] = process.argv;
let left = Infinity;
let turn = Promise.resolve();

for (const name of ['append', 'appendTexts']) {
  const original = SystemAccess.prototype[name];
  // One behind the other: of two that are asked for at a time, only the first may be durable.
  SystemAccess.prototype[name] = function (...args) {
    const done = turn.then(async () => {
      const result = await original.apply(this, args);
      left -= 1;
      if (left > 0) return result;
      process.kill(process.pid, 'SIGKILL');
      return new Promise(() => undefined);
    });
    turn = done.catch(() => undefined);
    return done;
  };
}

const store = await openEventStore({ dataDir, snapshots: { automatic: false } });
const handle = await store.projections.start(
  defineProjection({
    name: 'totals',
    version: 1,
    init: () => ({ count: 0, sum: 0 }),
    on: {
      'order.placed': ({ count, sum }, { payload }) => ({
        count: count + 1,
        sum: sum + Number(payload.total),
      }),
    },
  }),
);
for (const definition of definitions(pipeline)) {
  await store.pipelines.create(definition, { id: definition.name, from: 'beginning' });
}
await turn;
left = Number(countText);
for (let at = Date.now() * 1000; ; at += 7_000_000) {
  const events = ['eu', 'us', 'apac'].map((region, total) => ({
    eventType: total === 2 ? 'order.paid' : 'order.placed',
    entityId: `order-${total}`,
    payload: { region, total: 10 + total, at },
  }));
  await store.appendBatch(events, { return: 'summary' });
  // A list makes it write what has changed.
  await handle.waitFor(store.watermark);
  await handle.list({ limit: 1 });
}

// Appends, compacts and applies retention, until it is killed. Arguments: directory, seed. What was acknowledged
// stands in `told.ndjson`: a kill loses nothing of that.
import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEventStore } from '../../dist/index.js';

const [, , place, seedText] = process.argv;
let state = Number(seedText) >>> 0;
const random = (below) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};
const tell = (entry) => appendFileSync(join(place, 'told.ndjson'), `${JSON.stringify(entry)}\n`);

const store = await openEventStore({
  dataDir: join(place, 'data'),
  segmentBytesMax: 64 * 1024,
  snapshots: { automatic: false },
  parquet: { minFiles: 2, smallFileBytes: 64 * 1024, targetFileBytes: 256 * 1024 },
  retention: { automatic: false },
});

async function append() {
  for (;;) {
    const events = Array.from({ length: 1 + random(40) }, () => ({
      eventId: randomUUID(),
      eventType: 'thing.done',
      entityId: `e-${random(20)}`,
      payload: { filler: 'x'.repeat(random(600)) },
    }));
    await store.appendBatch(events, { return: 'summary' });
    tell({ ids: events.map(({ eventId }) => eventId) });
    await new Promise((resolve) => setTimeout(resolve, random(80)));
  }
}

async function keep() {
  await store.retention.set({ name: 'newest', keepEvents: 100 });
  for (;;) {
    if (random(2) === 0) {
      const strategy = random(3) === 0 ? 'fullcompaction' : 'sizebased';
      tell({ compacted: await store.parquet.compact({ strategy }) });
    } else tell({ retained: await store.retention.run() });
  }
}

console.log('ready');
await Promise.all([append(), keep()]);

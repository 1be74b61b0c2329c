// Appends, lets retention drop and Parquet files merge, makes backups, prunes, and restores, until it is killed. Arguments: directory, seed. What it
// was told stands in `told.ndjson`: a kill loses nothing of that.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEventStore, restoreBackup } from '../../dist/index.js';

const [, , place, seedText] = process.argv;
let state = Number(seedText) >>> 0;
const random = (below) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};
const tell = (entry) => appendFileSync(join(place, 'told.ndjson'), `${JSON.stringify(entry)}\n`);

const directory = join(place, 'backups');
const store = await openEventStore({
  dataDir: join(place, 'data'),
  segmentBytesMax: 64 * 1024,
  snapshots: { automatic: false },
  backups: { directory },
});

async function append() {
  for (;;) {
    const events = Array.from({ length: 1 + random(6) }, (_, part) => ({
      eventType: 'thing.done',
      entityId: `e-${random(20)}`,
      payload: { part, filler: 'x'.repeat(random(1200)) },
    }));
    const { lastPosition } = await store.appendBatch(events, { return: 'summary' });
    tell({ appended: lastPosition });
    if (random(4) === 0) await new Promise((resolve) => setTimeout(resolve, random(8)));
  }
}

let restores = 0;
async function restore() {
  const dataDir = join(place, 'restored', `${process.pid}-${restores++}`);
  const restored = await restoreBackup({ backupDir: directory, dataDir });
  tell({ restored: dataDir, root: restored.rootHash });
}

async function keep() {
  for (;;) {
    const choice = random(10);
    if (choice < 5) {
      const info = await store.backups.create({ type: random(3) === 0 ? 'full' : 'incremental' });
      tell({ created: info.backupId, to: info.toPosition, root: info.rootHash });
    } else if (choice < 7) {
      const { backups } = await store.backups.list();
      const kept = 1 + random(3);
      for (const { backupId } of backups.slice(kept)) tell({ deleting: backupId });
      await store.backups.prune({ keep: kept });
    } else if ((await store.backups.list()).backups.length > 0) {
      await restore();
    }
  }
}

/** What is dropped is in Parquet files from then on. */
async function retain() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, random(200)));
    if (random(3) === 0) await store.parquet.compact({ strategy: 'fullcompaction' });
    else await store.retention.run();
  }
}

await store.retention.set({ name: 'newest', keepEvents: 300 });
console.log('ready');
await Promise.all([append(), keep(), retain()]);

// A process that makes backups, prunes and restores, and whose log drops what Parquet files have, is killed again and again: what it was told is there is
// there, and whole. Long form: BACKUP_KILLS=200.
import { readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { backupsIn, restoreBackup } from '../../src/index.js';
import type { EmbeddedStore } from '../../src/index.js';
import { makeRandom, seedOf } from '../crash/random.js';
import { runAndKill } from '../support/killedProcess.js';
import { makeDirectory, openStore } from '../support/store.js';
import { segmentBytesMax } from './support.js';

const kills = Number(process.env['BACKUP_KILLS'] ?? 6);

interface Told {
  readonly appended?: number;
  readonly created?: string;
  readonly to?: number;
  readonly root?: string;
  readonly deleting?: string;
  readonly restored?: string;
}

class KilledPlace {
  readonly place: string;
  readonly tally = noTally();

  constructor(place: string) {
    this.place = place;
  }

  async check(): Promise<void> {
    const told = await this.#told();
    await this.#checkStore(told);
    await this.#checkBackups(told);
    await this.#checkRestores(told);
  }

  async #told(): Promise<readonly Told[]> {
    const text = await readFile(join(this.place, 'told.ndjson'), 'utf8').catch(() => '');
    const lines = text.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Told);
  }

  /** The store itself is whole, and what was created of it is a beginning of it. */
  async #checkStore(told: readonly Told[]): Promise<void> {
    const store = await openStore({ dataDir: join(this.place, 'data'), segmentBytesMax });
    expect(store.damage).toBe(null);
    expect((await store.verify()).ok).toBe(true);
    const appended = Math.max(0, ...told.map(({ appended: last = 0 }) => last));
    expect(store.watermark).toBeGreaterThanOrEqual(appended);
    const { firstPosition } = await store.dropBefore(1);
    for (const { created, to = 0, root } of told) {
      if (created === undefined || to < firstPosition) continue;
      // A chunk of the tree that begins with dropped events has no roots within it any more.
      const head = await store.treeHead({ treeSize: to }).catch(droppedOnly);
      if (head !== undefined) expect(head.rootHash).toBe(root);
    }
    this.tally.positions = store.watermark;
    this.tally.dropped = firstPosition - 1;
    await expectNothingDropped(store);
    // The process does it, too, where it has the time.
    await store.retention.set({ name: 'newest', keepEvents: 300 });
    await store.retention.run();
    await store.close();
  }

  async #checkBackups(told: readonly Told[]): Promise<void> {
    const directory = join(this.place, 'backups');
    const kept = backupsIn(directory);
    const { backups, damaged } = await kept.list();
    expect(damaged).toEqual([]);
    const deleting = new Set(told.map((one) => one.deleting));
    for (const { created, root } of told) {
      if (created === undefined || deleting.has(created)) continue;
      expect(backups.find(({ backupId }) => backupId === created)?.rootHash).toBe(root);
    }
    for (const { backupId, rootHash } of backups) {
      const report = await kept.verify(backupId);
      expect(report.files.filter(({ ok }) => !ok)).toEqual([]);
      expect([report.ok, report.rootHash]).toEqual([true, rootHash]);
    }
    this.tally.backups += backups.length;
    const directories = await readdir(directory).catch(() => []);
    const whole = new Set(backups.map(({ backupId }) => backupId));
    for (const name of directories) {
      if (name === 'LOCK' || whole.has(name)) continue;
      this.tally.unfinished += 1;
    }
    const [newest] = backups;
    if (newest === undefined) return;
    const dataDir = join(this.place, 'checked');
    await restoreBackup({ backupDir: directory, dataDir });
    await this.#checkWhole(dataDir, newest.rootHash);
  }

  /** Each place has a whole store, or there is none. */
  async #checkRestores(told: readonly Told[]): Promise<void> {
    const parent = join(this.place, 'restored');
    const roots = new Map(told.map(({ restored, root }) => [restored, root]));
    for (const name of await readdir(parent).catch(() => [])) {
      if (name.endsWith('.restoring')) {
        this.tally.restoring += 1;
        // The next restore to this place is not in its way.
        const dataDir = join(parent, name.slice(0, -'.restoring'.length));
        const backupDir = join(this.place, 'backups');
        const { rootHash } = await restoreBackup({ backupDir, dataDir });
        await this.#checkWhole(dataDir, rootHash);
        expect(await stat(join(parent, name)).catch(() => undefined)).toBe(undefined);
      } else {
        await this.#checkWhole(join(parent, name), roots.get(join(parent, name)));
      }
      this.tally.restores += 1;
    }
  }

  async #checkWhole(dataDir: string, rootHash: string | undefined): Promise<void> {
    const store = await openStore({ dataDir, segmentBytesMax });
    expect(store.damage).toBe(null);
    expect((await store.verify()).ok).toBe(true);
    if (rootHash !== undefined) expect((await store.treeHead()).rootHash).toBe(rootHash);
    await expectNothingDropped(store);
    await store.close();
    await rm(dataDir, { recursive: true });
  }
}

/** What the log does not have any more, Parquet files have. */
async function expectNothingDropped(store: EmbeddedStore): Promise<void> {
  const { firstPosition } = await store.stats();
  let next = 1;
  for (const file of await store.parquet.files()) {
    expect(file.firstPosition).toBe(next);
    next = file.lastPosition + 1;
  }
  expect(next).toBeGreaterThanOrEqual(firstPosition);
  expect((await store.parquet.verify()).files.filter(({ damage }) => damage !== null)).toEqual([]);
}

function noTally() {
  return { backups: 0, unfinished: 0, restores: 0, restoring: 0, positions: 0, dropped: 0 };
}

function droppedOnly(error: unknown): undefined {
  expect(error).toMatchObject({ code: 'events_dropped' });
}

it(
  `loses no backup, and leaves none by half, over ${kills} kills`,
  async () => {
    const seed = seedOf(process.env['KILL_SEED']);
    const random = makeRandom(seed);
    let killed = new KilledPlace(await makeDirectory());
    const sums = noTally();
    const add = (): void => {
      for (const name of Object.keys(sums) as (keyof typeof sums)[]) {
        sums[name] += killed.tally[name];
      }
    };
    for (let round = 1; round <= kills; round += 1) {
      const dataDir = killed.place;
      await runAndKill(import.meta.url, { dataDir, random, msMax: 1500 });
      try {
        await killed.check();
      } catch (error) {
        throw new Error(`kill ${round}; to repeat it: KILL_SEED=${seed}`, { cause: error });
      }
      if (round % 20 > 0) continue;
      add();
      killed = new KilledPlace(await makeDirectory());
    }
    add();
    console.log(`KILL_SEED=${seed}: ${kills} kills, ${JSON.stringify(sums)}`);
    expect(sums.backups).toBeGreaterThan(kills / 4);
    expect(sums.dropped).toBeGreaterThan(0);
  },
  60_000 + kills * 15_000,
);

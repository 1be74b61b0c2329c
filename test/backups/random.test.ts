// Random appends, backups and drops, and restores at random positions and times: what is restored is the
// beginning of the log up to a whole append, with the root that the store has at this size. Now and then the
// restored store takes the place of the one before, and goes another way. Long form: BACKUP_STEPS=2000.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { backupsIn } from '../../src/index.js';
import type { BackupInfo, EmbeddedStore, StoredEvent } from '../../src/index.js';
import { type Random, makeRandom, seedOf } from '../crash/random.js';
import { collect, makeDirectory, newEvent, openStore } from '../support/store.js';
import { restoreAndOpen, segmentBytesMax } from './support.js';

const steps = Number(process.env['BACKUP_STEPS'] ?? 120);
const tenants = ['default', 'other'];

interface Append {
  readonly first: number;
  readonly last: number;
  readonly timestamp: number;
}

/** A store, its backups, and what is known of both. */
class Model {
  readonly #random: Random;
  readonly #directory: string;
  #store: EmbeddedStore;
  #appends: Append[] = [];
  /** The appends that each backup has. */
  readonly #known = new Map<string, readonly Append[]>();
  readonly tally = { backups: 0, shared: 0, restores: 0, cut: 0, moved: 0, refused: 0, dropped: 0 };

  private constructor(random: Random, directory: string, store: EmbeddedStore) {
    this.#random = random;
    this.#directory = directory;
    this.#store = store;
  }

  static async open(random: Random): Promise<Model> {
    const directory = await makeDirectory();
    const dataDir = join(await makeDirectory(), 'data');
    const store = await openStore({ dataDir, segmentBytesMax, backups: { directory } });
    return new Model(random, directory, store);
  }

  async step(): Promise<void> {
    const choice = this.#random(20);
    if (choice < 10) await this.#append();
    else if (choice < 14) await this.#backUp();
    else if (choice < 18) await this.#restore();
    else if (choice === 18) await this.#drop();
    else await this.#forget();
  }

  async #append(): Promise<void> {
    for (let i = this.#random(30); i >= 0; i -= 1) {
      const tenantId = tenants[this.#random(2)];
      const events = Array.from({ length: 1 + this.#random(8) }, () =>
        newEvent(`e-${this.#random(9)}`, 'x'.repeat(this.#random(1500))),
      );
      const result = await this.#store.appendBatch(events, { tenantId });
      const { firstPosition: first, lastPosition: last } = result;
      this.#appends.push({ first, last, timestamp: result.results[0]?.timestamp ?? 0 });
    }
  }

  async #backUp(): Promise<void> {
    const type = this.#random(3) === 0 ? 'full' : 'incremental';
    const info = await this.#store.backups.create({ type });
    this.#known.set(info.backupId, [...this.#appends]);
    expect(info.toPosition).toBe(this.#store.watermark);
    expect(info.rootHash).toBe((await this.#store.treeHead()).rootHash);
    expect((await this.#store.backups.verify(info.backupId)).ok).toBe(true);
    this.tally.backups += 1;
    if (info.sizeBytes < info.restoredBytes) this.tally.shared += 1;
  }

  async #restore(): Promise<void> {
    const { backups } = await this.#store.backups.list();
    const info = backups[this.#random(backups.length)];
    if (info === undefined) return;
    const appends = this.#known.get(info.backupId) ?? [];
    const target = this.#target(appends);
    const expected = appends.filter(
      ({ last, timestamp }) =>
        (target.position === undefined || last <= target.position) &&
        (target.time === undefined || timestamp <= target.time),
    );
    const lastPosition = expected.at(-1)?.last ?? 0;
    const { backupId } = info;
    const opened = await restoreAndOpen({ backupDir: this.#directory, backupId, ...target }).catch(
      (error: unknown) => this.#mayRefuse(error, info, lastPosition, target),
    );
    if (opened === undefined) return;
    expect(opened.restored.lastPosition).toBe(lastPosition);
    this.tally.restores += 1;
    if (lastPosition < info.toPosition) this.tally.cut += 1;
    if (this.#random(3) === 0 && lastPosition > 0) await this.#move(opened.store, expected);
    else await this.#compare(opened.store, info, lastPosition);
  }

  #target(appends: readonly Append[]): { position?: number; time?: number } {
    const append = appends[this.#random(appends.length)];
    if (append === undefined) return {};
    const { first, last, timestamp } = append;
    const kind = this.#random(3);
    if (kind === 0) return {};
    return kind === 1 ? { position: first + this.#random(last - first + 1) } : { time: timestamp };
  }

  /** Where nothing is left, or where an index file alone knows events that were dropped. */
  #mayRefuse(error: unknown, info: BackupInfo, lastPosition: number, target: object): undefined {
    const isCut = Object.keys(target).length > 0 && lastPosition < info.toPosition;
    const isEmpty = lastPosition < info.firstPosition;
    if (!isCut || (!isEmpty && info.firstPosition === 1)) throw error;
    expect(error).toMatchObject({ code: 'validation_error' });
    this.tally.refused += 1;
  }

  /** The store of now has the same events there, unless it has gone another way since. */
  async #compare(restored: EmbeddedStore, info: BackupInfo, lastPosition: number): Promise<void> {
    const first = Math.max(info.firstPosition, (await this.#store.dropBefore(1)).firstPosition);
    const { watermark } = this.#store;
    const isSame =
      watermark >= info.toPosition &&
      (await this.#rootAt(info.toPosition)) === info.rootHash &&
      first <= lastPosition;
    if (!isSame) return restored.close();
    // A chunk of the tree that begins with dropped events has no roots within it any more.
    const rootHash = await this.#rootAt(lastPosition);
    if (rootHash !== undefined) expect((await restored.treeHead()).rootHash).toBe(rootHash);
    for (const tenantId of tenants) {
      const read = async (store: EmbeddedStore): Promise<StoredEvent[]> => {
        const events = await collect(store.read({ tenantId, fromPosition: first }));
        return events.filter(({ position }) => position <= lastPosition);
      };
      expect(await read(restored)).toEqual(await read(this.#store));
    }
    await restored.close();
  }

  async #rootAt(treeSize: number): Promise<string | undefined> {
    const head = await this.#store.treeHead({ treeSize }).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'events_dropped' });
    });
    return head?.rootHash;
  }

  async #move(restored: EmbeddedStore, appends: readonly Append[]): Promise<void> {
    await restored.close();
    await this.#store.close();
    const { directory } = restored.backups;
    this.#store = await openStore({
      dataDir: join(directory, '..'),
      segmentBytesMax,
      backups: { directory: this.#directory },
    });
    this.#appends = [...appends];
    this.tally.moved += 1;
  }

  async #drop(): Promise<void> {
    const before = 1 + this.#random(this.#store.watermark + 1);
    const { segments } = await this.#store.dropBefore(Math.ceil(before / 2));
    if (segments > 0) this.tally.dropped += 1;
  }

  async #forget(): Promise<void> {
    const { backups } = await this.#store.backups.list();
    const victim = backups[this.#random(backups.length)];
    if (victim !== undefined) await backupsIn(this.#directory).delete(victim.backupId);
    await this.#store.backups.prune({ keep: 6 });
  }

  async end(): Promise<void> {
    const { backups } = await this.#store.backups.list();
    for (const { backupId } of backups) {
      expect((await this.#store.backups.verify(backupId)).ok).toBe(true);
    }
  }
}

it(
  `restores the beginning of the log up to a whole append, over ${steps} steps`,
  async () => {
    const seed = seedOf(process.env['BACKUP_SEED']);
    const model = await Model.open(makeRandom(seed));
    for (let step = 1; step <= steps; step += 1) {
      try {
        await model.step();
      } catch (error) {
        throw new Error(`step ${step}; to repeat it: BACKUP_SEED=${seed}`, { cause: error });
      }
    }
    await model.end();
    console.log(`BACKUP_SEED=${seed}: ${steps} steps, ${JSON.stringify(model.tally)}`);
    expect(model.tally.restores).toBeGreaterThan(steps / 20);
  },
  60_000 + steps * 3000,
);

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { BackupSchedule, checkedPolicy } from '../../src/backups/schedule.js';
import type { BackupInfo, BackupList, Backups, CreateBackupOptions } from '../../src/index.js';
import { makeDirectory, newEvent, openStore } from '../support/store.js';

const hourMs = 3_600_000;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 31) });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Remembers what it is asked for. */
class FakeBackups implements Pick<Backups, 'create' | 'list' | 'prune'> {
  readonly types: (string | undefined)[] = [];
  readonly kept: number[] = [];
  failure: Error | undefined;
  backups: BackupInfo[] = [];

  create({ type = 'full' }: CreateBackupOptions = {}): Promise<BackupInfo> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    this.types.push(type);
    // The rest does not matter to a schedule.
    const info = { backupType: type, createdAt: Date.now() * 1000 } as BackupInfo;
    this.backups.unshift(info);
    return Promise.resolve(info);
  }
  list(): Promise<BackupList> {
    return Promise.resolve({ backups: this.backups, damaged: [], running: null });
  }
  prune({ keep }: { readonly keep: number }) {
    this.kept.push(keep);
    return Promise.resolve({ deleted: [], freedBytes: 0 });
  }
}

function scheduled(fake: FakeBackups, policy: object): BackupSchedule {
  const schedule = new BackupSchedule(fake as unknown as Backups, checkedPolicy(policy));
  schedule.begin();
  return schedule;
}

it('makes a backup when the newest is old enough, each so many a full one', async () => {
  const fake = new FakeBackups();
  const schedule = scheduled(fake, { everyHours: 24, fullEvery: 3, keep: 5 });
  await vi.advanceTimersByTimeAsync(24 * 6 * hourMs + 1000);
  const three = ['full', 'incremental', 'incremental'];
  expect(fake.types).toEqual([...three, ...three, 'full']);
  expect(fake.kept).toEqual(Array.from({ length: 7 }, () => 5));
  schedule.close();
  await vi.advanceTimersByTimeAsync(100 * hourMs);
  expect(fake.types).toHaveLength(7);
});

it('counts from the newest backup that is there', async () => {
  const fake = new FakeBackups();
  await fake.create();
  await vi.advanceTimersByTimeAsync(20 * hourMs);
  scheduled(fake, { everyHours: 24 });
  await vi.advanceTimersByTimeAsync(3.9 * hourMs);
  expect(fake.types).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(0.2 * hourMs);
  expect(fake.types).toEqual(['full', 'incremental']);
  expect(fake.kept).toEqual([]);
});

it('tries again soon where one fails, and says why', async () => {
  const fake = new FakeBackups();
  fake.failure = new Error('the disk is full');
  const schedule = scheduled(fake, { everyHours: 24 });
  await vi.advanceTimersByTimeAsync(1000);
  expect(schedule.failure).toBe('the disk is full');
  fake.failure = undefined;
  await vi.advanceTimersByTimeAsync(0.1 * hourMs);
  expect([schedule.failure, fake.types]).toEqual([null, ['full']]);
});

it('makes none where nothing is said', async () => {
  const fake = new FakeBackups();
  scheduled(fake, {});
  await vi.advanceTimersByTimeAsync(10_000 * hourMs);
  expect(fake.types).toEqual([]);
});

it('begins with the store', async () => {
  vi.useRealTimers();
  const store = await openStore({ dataDir: await makeDirectory(), backups: { everyHours: 1 } });
  await store.append(newEvent('a'));
  await expect
    .poll(() => store.backups.counts(), { timeout: 10_000 })
    .toMatchObject({ created: 1 });
  const { backups } = await store.backups.list();
  expect(store.backups.counts().lastCreatedAt).toBe(backups[0]?.createdAt);
});

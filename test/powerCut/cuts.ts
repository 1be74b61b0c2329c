import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CrashedStore } from '../crash/rounds.js';
import type { Random } from '../crash/random.js';
import type { RunningVictim, Strike } from '../crash/runVictim.js';
import type { SeriesStore } from '../crash/series.js';
import { faultEnvironment } from '../faults/faultLibrary.js';
import { Disk } from './disk.js';

/** Small: a cut's worth is in where it falls, not in how much was written before it. */
const appendsMax = 50;
const stopDeadlineMs = 10_000;

/** Planted mistakes that power cuts must find. */
export const plants = {
  /** The sync of the log does nothing and says that all is well. */
  'no-sync': {
    env: () => faultEnvironment({ calls: 'fdatasync', error: 'IGNORE', suffix: '.seg' }),
  },
  /** What is acknowledged is written, but not synced. */
  'acknowledged-before-sync': { durability: 'async' },
} as const satisfies Record<
  string,
  { env?: () => Record<string, string>; durability?: 'sync' | 'async' }
>;

export type Plant = keyof typeof plants;

/** A store on a file system of its own, whose power is cut. */
export async function makeCutStore(
  kind: string,
  random: Random,
  plant?: Plant,
): Promise<SeriesStore> {
  const disk = await Disk.make(kind);
  const planted: { env?: () => Record<string, string>; durability?: 'sync' | 'async' } =
    plant === undefined ? {} : plants[plant];
  const store = new CrashedStore({
    dataDir: join(disk.mountPoint, 'data'),
    random,
    appendsMax,
    strike: (victim) => (random(2) === 0 ? cutStopped : cutRunning)(disk, victim),
    durability: planted.durability ?? 'sync',
    env: planted.env?.() ?? {},
  });
  return { store, place: `${disk.mountPoint} (${kind})`, remove: () => disk.remove() };
}

type Cut = (disk: Disk, victim: RunningVictim) => ReturnType<Strike>;

/**
 * Between two system calls: once the process stands still, none is under way. Everything that it
 * told counts.
 */
const cutStopped: Cut = async (disk, victim) => {
  victim.child.kill('SIGSTOP');
  await untilStopped(victim.child.pid ?? 0);
  disk.cut();
  await killAndMount(disk, victim);
  return victim.output();
};

/**
 * In the middle of whatever is under way. A sync that meets the cut may say that all is well: only
 * what was told before the cut counts.
 */
const cutRunning: Cut = async (disk, victim) => {
  const output = victim.output();
  disk.cut();
  await killAndMount(disk, victim);
  return output;
};

async function killAndMount(disk: Disk, victim: RunningVictim): Promise<void> {
  victim.child.kill('SIGKILL');
  await victim.gone;
  await disk.unmount();
  disk.mount();
}

/** A thread that waits for the disk stops when its call has ended. */
async function untilStopped(pid: number): Promise<void> {
  const deadline = performance.now() + stopDeadlineMs;
  while (!isStopped(pid)) {
    if (performance.now() > deadline) throw new Error(`process ${pid} did not stop`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function isStopped(pid: number): boolean {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).every((task) => {
    const stat = readFileSync(join(tasks, task, 'stat'), 'latin1');
    // The name in front of the state may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
  });
}

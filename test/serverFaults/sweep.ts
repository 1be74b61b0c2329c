import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Violation } from '../crash/history.js';
import { type Random, makeRandom } from '../crash/random.js';
import { faultEnvironment } from '../faults/faultLibrary.js';
import type { Installation } from './installation.js';
import { type Point, type PointResult, type Template, appendAll, runPoint } from './point.js';
import { ServerProcess } from './serverProcess.js';
import { Client } from './workload.js';

/** What each call may answer. Interrupted or short for ever would not be a fault but a hang. */
const errorsByCall: Readonly<Record<string, readonly Point['error'][]>> = {
  open: ['EIO', 'ENOSPC', 'EINTR'],
  pwrite: ['EIO', 'ENOSPC', 'EINTR', 'SHORT'],
  pwritev: ['EIO', 'ENOSPC', 'EINTR', 'SHORT', 'TORN'],
  pread: ['EIO', 'EINTR', 'SHORT'],
  fdatasync: ['EIO', 'ENOSPC', 'EINTR'],
  fsync: ['EIO', 'ENOSPC', 'EINTR'],
  ftruncate: ['EIO', 'EINTR'],
  fallocate: ['EIO', 'ENOSPC', 'EINTR'],
  rename: ['EIO', 'ENOSPC'],
  unlink: ['EIO'],
};

export interface SweepOptions {
  readonly installation: Installation;
  readonly seed: number;
  /** Calls of a kind that fail in turn, at most; spread over all of them. */
  readonly nthsPerKind: number;
  /** Points at most; a random choice of them where there are more. */
  readonly pointsMax?: number;
  /** Exactly these instead. */
  readonly only?: readonly Point[];
  readonly onPoint?: (done: number, of: number) => void;
}

export interface SweepResult {
  readonly points: number;
  readonly met: number;
  readonly refusedStarts: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly inDoubt: number;
  /** How often a server without faults made each call. */
  readonly calls: Readonly<Record<string, number>>;
}

/** Lets every kind of call fail, point by point; throws at the first violation. */
export async function runSweep(options: SweepOptions): Promise<SweepResult> {
  const { installation, seed, pointsMax = Infinity, onPoint } = options;
  const directory = await mkdtemp(join(tmpdir(), 'allsource-sweep-'));
  try {
    const template = await makeTemplate(join(directory, 'template'), installation);
    const calls = await countCalls(directory, { installation, template });
    const all = options.only ?? shuffle(listPoints(calls, options), makeRandom(seed));
    const points = all.slice(0, pointsMax);
    const results: PointResult[] = [];
    for (const point of points) {
      try {
        results.push(await runPoint(point, { installation, template }));
      } catch (error) {
        throw new Error(`seed ${seed}, point ${JSON.stringify(point)}: ${String(error)}`, {
          cause: error,
        });
      }
      onPoint?.(results.length, points.length);
    }
    return summarize(results, calls);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** A store with sealed segments, index files and a torn end, as a killed server leaves it. */
async function makeTemplate(dataDir: string, installation: Installation): Promise<Template> {
  const server = new ServerProcess(installation, { dataDir, env: preloaded(installation) });
  const outcomes = await appendAll(new Client(await addressOf(server)), 1);
  await server.stop('SIGKILL');
  return { dataDir, outcomes };
}

async function countCalls(
  directory: string,
  { installation, template }: { installation: Installation; template: Template },
): Promise<Record<string, number>> {
  const dataDir = join(directory, 'counted');
  const counts = join(directory, 'counts');
  await cp(template.dataDir, dataDir, { recursive: true });
  const env = faultEnvironment({ counts, path: dataDir }, installation.preload);
  const server = new ServerProcess(installation, { dataDir, env });
  await appendAll(new Client(await addressOf(server)), 1000);
  await server.stop('SIGTERM');
  const lines = (await readFile(counts, 'utf8')).trim().split('\n');
  return Object.fromEntries(
    lines.map((line) => {
      const [call = '', count] = line.split(' ');
      return [call, Number(count)];
    }),
  );
}

function preloaded({ preload }: Installation): Record<string, string> {
  return preload.length === 0 ? {} : { LD_PRELOAD: preload.join(' ') };
}

async function addressOf(server: ServerProcess): Promise<string> {
  const address = await server.started();
  if (typeof address === 'string') return address;
  throw new Violation(`the server does not start without faults: ${address.errors}`);
}

function listPoints(calls: Readonly<Record<string, number>>, options: SweepOptions): Point[] {
  const points: Point[] = [];
  for (const [call, errors] of Object.entries(errorsByCall)) {
    for (const nth of spread(calls[call] ?? 0, options.nthsPerKind)) {
      for (const error of errors) {
        for (const forEver of error === 'EINTR' ? [false] : [false, true]) {
          const end = points.length % 2 === 0 ? 'SIGTERM' : 'SIGKILL';
          points.push({ call, nth, error, forEver, end });
        }
      }
    }
  }
  return points;
}

/** At most `wanted` of the numbers from 1 to `count`, evenly. */
function spread(count: number, wanted: number): number[] {
  const length = Math.min(count, wanted);
  return Array.from({ length }, (_, i) => 1 + Math.floor((i * count) / length));
}

function shuffle<T>(items: readonly T[], random: Random): T[] {
  const keyed = items.map((item) => ({ item, key: random(2 ** 31) }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}

function summarize(
  results: readonly PointResult[],
  calls: Readonly<Record<string, number>>,
): SweepResult {
  const sum = (numberOf: (result: PointResult) => number) =>
    results.reduce((total, result) => total + numberOf(result), 0);
  return {
    points: results.length,
    met: sum(({ met }) => Number(met)),
    refusedStarts: sum(({ started }) => Number(!started)),
    acknowledged: sum(({ acknowledged }) => acknowledged),
    refused: sum(({ refused }) => refused),
    inDoubt: sum(({ inDoubt }) => inDoubt),
    calls,
  };
}

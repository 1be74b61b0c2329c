import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Random, makeRandom } from '../crash/random.js';
import { History } from './history.js';
import { ServerProcess } from './serverProcess.js';

/** Sum of many histories. */
export class Tally {
  histories = 0;
  events = 0;
  kills = 0;
  readonly #sums = new Map<string, number>();

  add(history: History): void {
    this.histories += 1;
    this.events += history.events;
    const { cuts, refused, stalls } = history.counts;
    const { acknowledged, unknown } = history.ledger;
    const seen = history.subscribers.reduce((sum, { count }) => sum + count, 0);
    const sessions = history.subscribers.reduce((sum, one) => sum + one.sessions, 0);
    const { lives } = history.members;
    const added = { cuts, refused, stalls, acknowledged, unknown, seen, sessions, lives };
    for (const [name, count] of Object.entries(added)) {
      this.#sums.set(name, (this.#sums.get(name) ?? 0) + count);
    }
  }

  toString(): string {
    const sum = (name: string): number => this.#sums.get(name) ?? 0;
    return (
      `${this.histories} histories, ${this.events} events, ${this.kills} kills, ` +
      `${sum('cuts')} cuts, ${sum('refused')} refusals, ${sum('stalls')} stalls; ` +
      `${sum('acknowledged')} appends acknowledged, ${sum('unknown')} in doubt; ` +
      `${sum('seen')} events in ${sum('sessions')} sessions of subscribers; ` +
      `${sum('lives')} lives of members`
    );
  }
}

/** Histories that share a server, which is killed while they are disturbed. */
export async function runBatch(seeds: readonly number[], tally: Tally): Promise<void> {
  const random = makeRandom(seeds[0] ?? 0);
  // A kill leaves the page cache alone, so memory does as well as a disk.
  const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const dataDir = await mkdtemp(join(parent, 'allsource-network-'));
  const server = await ServerProcess.start(dataDir, random);
  let disturbed = seeds.length;
  const killing = killWhile(() => disturbed > 0, server, random);
  const untilCalm = (): Promise<void> => {
    disturbed -= 1;
    return killing;
  };
  try {
    const found = await Promise.all(
      seeds.map(async (seed) => {
        const history = await History.open({ seed, server, untilCalm });
        const problems = await history.run().catch((error: unknown) => [String(error)]);
        tally.add(history);
        return problems.length > 0 ? [whatHappened(seed, problems)] : [];
      }),
    );
    if (found.flat().length > 0) throw new Error(found.flat().join('\n'));
  } finally {
    disturbed = 0;
    await killing.catch(() => undefined);
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
    tally.kills += server.kills;
  }
}

async function killWhile(
  isOn: () => boolean,
  server: ServerProcess,
  random: Random,
): Promise<void> {
  while (isOn()) {
    await wait(1_000 + random(2_000));
    if (!isOn()) return;
    await server.kill();
    await wait(random(100));
    await server.restart();
  }
}

function whatHappened(seed: number, problems: readonly string[]): string {
  const shown = problems.slice(0, 10).join('\n  ');
  return `NETWORK_SEED=${seed} NETWORK_HISTORIES=1: ${problems.length} violations\n  ${shown}`;
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Report } from '../../examples/shop/report.js';
import type { Random } from '../crash/random.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const startMsMax = 1500;
const pauseMsMax = 6;

export interface ShopRun {
  readonly dataDir: string;
  readonly seed: number;
  readonly orders: number;
}

/** When the process is killed: after so many answers, or at a time, perhaps before the first one. */
export type KillPoint = { readonly answers: number; readonly ms: number } | { readonly ms: number };

/** Where a process is killed that has so much to do, of which so much was done before. */
export function drawKillPoint(
  random: Random,
  { done, of }: { done: number; of: number },
): KillPoint {
  if (random(5) === 0) return { ms: random(startMsMax) };
  return { answers: done + 1 + random(Math.max(of - done, 1)), ms: random(pauseMsMax) };
}

interface Line {
  readonly done?: number;
  readonly of?: number;
  readonly report?: Report;
}

/** Runs `npm run shop` on a directory, to its end or until it is killed: then without a report. */
export async function runShopProcess(
  { dataDir, seed, orders }: ShopRun,
  kill?: KillPoint,
): Promise<{ readonly done: number; readonly report: Report | undefined }> {
  const script = ['--import', 'tsx', 'examples/shop/shop.ts', '--json'];
  const args = ['--data-dir', dataDir, '--seed', String(seed), '--orders', String(orders)];
  const child = spawn(process.execPath, [...script, ...args], { cwd: root });
  const exit = once(child, 'close');
  const killLater = (ms: number) => setTimeout(() => child.kill('SIGKILL'), ms);
  const timer = kill !== undefined && !('answers' in kill) ? killLater(kill.ms) : undefined;
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  let done = 0;
  let report: Report | undefined;
  createInterface(child.stdout).on('line', (text) => {
    const line = JSON.parse(text) as Line;
    report = line.report ?? report;
    done = line.done ?? done;
    if (kill !== undefined && 'answers' in kill && line.done === kill.answers) killLater(kill.ms);
  });
  const [code, signal] = (await exit) as [number | null, string | null];
  clearTimeout(timer);
  if (signal === 'SIGKILL' && kill !== undefined) return { done, report: undefined };
  if (code === 0 && errors === '') return { done, report };
  throw new Error(`the shop ended with ${code ?? signal}: ${errors}`);
}

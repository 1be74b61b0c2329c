import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, vi } from 'vitest';

/** The built command line; `npm run build:ts` makes it. */
export const mainFile = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const deadlineMs = 30_000;

// Every test starts processes, some of them several, on machines that do other things too.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Scope {
  readonly directories: string[];
  readonly children: ChildProcess[];
}

const fileScope: Scope = { directories: [], children: [] };
const testScope: Scope = { directories: [], children: [] };
/** What `beforeAll` makes lasts for the file, what a test makes for the test. */
let scope = fileScope;

beforeEach(() => {
  scope = testScope;
});
afterEach(async () => {
  scope = fileScope;
  await cleanUp(testScope);
});
afterAll(() => cleanUp(fileScope));

/** Also ends what a failed test left running. */
async function cleanUp({ children, directories }: Scope): Promise<void> {
  for (const child of children.splice(0)) await stop(child, 'SIGKILL');
  for (const directory of directories.splice(0)) {
    await rm(directory, { recursive: true, force: true });
  }
}

export async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'allsource-cli-'));
  scope.directories.push(directory);
  return directory;
}

export function start(args: readonly string[], options: RunOptions = {}) {
  const env = { PATH: process.env['PATH'] ?? '', ...options.env };
  const child = spawn(process.execPath, [mainFile, ...args], { cwd: options.cwd, env });
  scope.children.push(child);
  return child;
}

/** Runs one command line to its end. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const child = start(args, options);
  const deadline = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  // A child that ends before it has read its input is a case that tests ask for.
  child.stdin.on('error', () => undefined).end(options.input ?? '');
  await once(child, 'close');
  clearTimeout(deadline);
  return { code: child.exitCode, stdout: stdout.join(''), stderr: stderr.join('') };
}

export async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'close');
}

/** Starts `serve` on a free port and waits until it says where it listens. */
export async function serve(args: readonly string[]) {
  const child = start(['serve', '--port', '0', ...args]);
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const url = await waitFor(() => /http:\/\/127\.0\.0\.1:\d+/.exec(stderr.join(''))?.[0], child);
  return { child, url, stdout, stderr };
}

/** The value once it is there; fails with the process or after the deadline. */
export async function waitFor<T>(find: () => T | undefined, child: ChildProcess): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    if (child.exitCode !== null) throw new Error(`the process ended with ${child.exitCode}`);
    if (performance.now() > deadline) throw new Error('not there before the deadline');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export function collect(stream: NodeJS.ReadableStream): string[] {
  const parts: string[] = [];
  stream.setEncoding('utf8').on('data', (text: string) => parts.push(text));
  return parts;
}

/** NDJSON lines of events of 3 entities and 2 types. */
export function makeLines(count: number, firstIndex = 0): string[] {
  return Array.from({ length: count }, (_, offset) => {
    const index = firstIndex + offset;
    return JSON.stringify({
      event_type: index % 2 === 0 ? 'order.placed' : 'user.created',
      entity_id: `entity-${index % 3}`,
      payload: { index, [`field${index % 3}`]: index },
    });
  });
}

export async function writeLines(directory: string, lines: readonly string[]): Promise<string> {
  const file = join(directory, 'events.ndjson');
  await writeFile(file, lines.map((line) => `${line}\n`).join(''));
  return file;
}

/** A data directory with `count` events of `makeLines`. */
export async function makeStore(count: number): Promise<string> {
  const dataDir = join(await makeDirectory(), 'data');
  const input = makeLines(count).join('\n');
  const args = ['ingest', '-', '--batch-lines', '1000', '--data-dir', dataDir];
  const { code, stderr } = await run(args, { input });
  if (code !== 0) throw new Error(stderr);
  return dataDir;
}

export function parseLines(text: string): Readonly<Record<string, unknown>>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

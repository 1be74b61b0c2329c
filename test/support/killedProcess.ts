import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Random } from '../crash/random.js';

/**
 * Runs the `victim.mjs` beside a test, or another, on a store, with a seed, until it says `ready` and for up to
 * `msMax` more, and kills it. It must say nothing else.
 */
export async function runAndKill(
  testUrl: string,
  {
    dataDir,
    random,
    msMax,
    victim = { file: 'victim.mjs', args: [] },
  }: {
    dataDir: string;
    random: Random;
    msMax: number;
    victim?: { readonly file: string; readonly args: readonly string[] };
  },
): Promise<void> {
  const victimFile = fileURLToPath(new URL(victim.file, testUrl));
  const args = [victimFile, dataDir, String(random(2 ** 31)), ...victim.args];
  const child = spawn(process.execPath, args);
  const exit = once(child, 'exit');
  let told = '';
  child.stderr.on('data', (data: Buffer) => (told += data.toString()));
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', (data: Buffer) => {
      told += data.toString();
      if (told.includes('ready')) resolve();
    });
  });
  await Promise.race([ready, exit]);
  await new Promise((resolve) => setTimeout(resolve, random(msMax)));
  child.kill('SIGKILL');
  await exit;
  expect(told).toBe('ready\n');
}

/** Runs a program that is to kill itself, and to say nothing before. */
export async function runUntilKilled(file: URL, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [fileURLToPath(file), ...args]);
  let told = '';
  for (const output of [child.stdout, child.stderr]) {
    output.on('data', (data: Buffer) => (told += data.toString()));
  }
  await once(child, 'exit');
  expect({ signal: child.signalCode, told }).toEqual({ signal: 'SIGKILL', told: '' });
}

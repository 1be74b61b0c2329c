import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { makeDirectory } from '../support/store.js';

const mainFile = fileURLToPath(new URL('../../bench/soak/main.mjs', import.meta.url));
const minutes = 0.15;
const deadlineMs = 150_000;

it('keeps what it acknowledged over kills under mixed load', async () => {
  const seed = process.env['SOAK_SEED'] ?? String(Date.now() % 2 ** 31);
  const flags = ['--minutes', String(minutes), '--seed', seed, '--rate', '300', '--no-out'];
  const child = spawn(process.execPath, [mainFile, ...flags, '--dir', await makeDirectory()]);
  const timer = setTimeout(() => child.kill('SIGTERM'), deadlineMs);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  expect(output, `to repeat it: SOAK_SEED=${seed}`).toContain('result: all held');
  expect(code, output).toBe(0);
}, 180_000);

import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeDirectory } from '../../src/files/index.js';

async function place(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'allsource-files-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

it('makes a directory with its parents, once or many times at once', async () => {
  const directory = join(await place(), 'a', 'b', 'c');
  await Promise.all([1, 2, 3].map(() => makeDirectory(directory)));
  await makeDirectory(directory);
  expect((await stat(directory)).isDirectory()).toBe(true);
});

it('tells what stands in the way', async () => {
  const file = join(await place(), 'file');
  await writeFile(file, '');
  await expect(makeDirectory(file)).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeDirectory(join(file, 'below'))).rejects.toMatchObject({ syscall: 'mkdir' });
});

it.runIf(process.platform === 'linux')('tells of a place that takes no directories', async () => {
  await expect(makeDirectory('/proc/nothing/below')).rejects.toMatchObject({ code: 'ENOENT' });
});

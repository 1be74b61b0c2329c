import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { fileSystemOf } from './machine.mjs';

const freeBytesMin = 16 * 2 ** 30;
const inMemory = new Set(['tmpfs', 'ramfs', 'devtmpfs']);

/**
 * A fresh directory for this run below `parent`, removed when the process ends, however it ends.
 * Refuses a file system in memory: its `fdatasync` costs nothing and every durable figure would
 *   lie.
 *
 * @param {string} parent absolute
 * @returns {string}
 */
export function makeRunDir(parent) {
  mkdirSync(parent, { recursive: true });
  const type = fileSystemOf(parent);
  if (inMemory.has(type)) {
    throw new Error(`--dir: expected a directory on a disk, got one on ${type}; name another one`);
  }
  const { bavail, bsize } = statfsSync(parent);
  if (bavail * bsize < freeBytesMin) {
    const free = ((bavail * bsize) / 2 ** 30).toFixed(1);
    throw new Error(`--dir: expected 16 GiB of free space, got ${free}; name another directory`);
  }
  const directory = mkdtempSync(join(parent, 'run-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

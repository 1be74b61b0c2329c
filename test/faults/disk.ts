import { execFileSync } from 'node:child_process';
import { expect, onTestFinished } from 'vitest';
import type { EmbeddedStore } from '../../src/index.js';
import { makeDirectory, newEvent } from '../support/store.js';

export const mebibyte = 1024 * 1024;

/** A small disk of its own. Needs root: without it the test fails and says so. */
export async function mountDisk(bytes: number): Promise<string> {
  const directory = await makeDirectory();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', directory], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  } catch (error) {
    throw new Error('the test of a full disk mounts a tmpfs, which needs root; run it as root', {
      cause: error,
    });
  }
  onTestFinished(() => {
    execFileSync('umount', ['-l', directory]);
  });
  return directory;
}

/** Appends until the disk is full; returns how many were acknowledged. */
export async function fillUp(store: EmbeddedStore): Promise<number> {
  let acknowledged = 0;
  for (let i = 0; i < 100_000; i++) {
    try {
      await store.append(newEvent(`e${i % 3}`, 'x'.repeat(1000)));
      acknowledged += 1;
    } catch (error) {
      expect(error).toMatchObject({ code: 'storage_full', status: 507 });
      return acknowledged;
    }
  }
  throw new Error('the disk was never full');
}

import { mkdir, open, rename, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AllSourceError } from '../domain/index.js';

// As the engine makes its own: the operator's group may read.
const fileMode = 0o640;
const directoryMode = 0o750;

/** Makes what was made, renamed or removed in a directory durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** With parents, durably; what is there already stays. */
export async function makeDirectory(directory: string, mode = directoryMode): Promise<void> {
  if (await isDirectory(directory)) return;
  const parent = dirname(directory);
  if (parent !== directory) await makeDirectory(parent, mode);
  // Not recursive: Node.js asks for ever where a parent is there and takes no directories, as in /proc.
  try {
    await mkdir(directory, { mode });
  } catch (error) {
    // Another one may have made it meanwhile.
    if (!(await isDirectory(directory))) throw error;
  }
  await syncDirectory(parent);
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Whoever looks sees nothing, or all of it; durable when it resolves. */
export async function writeNewFile(directory: string, name: string, text: string): Promise<void> {
  const unfinished = join(directory, `${name}.tmp`);
  const handle = await open(unfinished, 'w', fileMode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, join(directory, name));
  await syncDirectory(directory);
}

/** What the disk is given at once: it takes some milliseconds. */
const sliceBytes = 256 * 1024;

/**
 * Writes at the end of a file, and hands it to the disk in small slices. A large file that is synced at its
 * end holds up every sync of the log for as long as all of it takes.
 */
export async function writeInSlices(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += sliceBytes) {
    await handle.writeFile(bytes.subarray(at, at + sliceBytes));
    await handle.datasync();
  }
}

/** Undefined where there is no such file. */
export async function bytesOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  return systemCodeOf(error) === 'ENOENT' || systemCodeOf(error) === 'ENOTDIR';
}

/** The public error of what the file system says. */
export function storageError(error: unknown): unknown {
  const code = systemCodeOf(error);
  if (error instanceof AllSourceError || code === undefined) return error;
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  const message = error instanceof Error ? error.message : String(error);
  return new AllSourceError(isFull ? 'storage_full' : 'storage_unavailable', message, {
    cause: error,
  });
}

export function systemCodeOf(error: unknown): string | undefined {
  const isOfSystem = error instanceof Error && 'code' in error && 'syscall' in error;
  return isOfSystem ? String(error.code) : undefined;
}

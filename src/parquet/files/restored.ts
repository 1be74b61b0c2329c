import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AllSourceError, isJsonObject } from '../../domain/index.js';
import { isMissing, makeDirectory, writeNewFile } from '../../files/index.js';
import { ParquetDirectory } from './parquetDirectory.js';
import { runInThread } from '../thread/parquetThread.js';
import type { ParquetFile } from '../types.js';

const listName = 'RESTORED';

/** Which files count in a store that was restored, until its log records others. */
export interface RestoredFiles {
  /** Of the restored log: a record behind it is newer, and this list of no more use. */
  readonly lastPosition: number;
  readonly files: readonly ParquetFile[];
}

interface Restored extends RestoredFiles {
  /** The files are there already. */
  readonly dataDir: string;
  /** Of the restored log. */
  readonly firstPosition: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes files from a backup those of a restored store; durable when it resolves. The log's own record
 * may be of other files: of larger ones that were not made yet, or of small ones that are gone. A file
 * that goes on behind the end of the log is cut to what the log does not have: other events come there.
 */
export async function placeRestored({
  dataDir,
  files,
  firstPosition,
  lastPosition,
  signal,
}: Restored): Promise<void> {
  const directory = new ParquetDirectory(dataDir);
  await makeDirectory(directory.path);
  const placed: ParquetFile[] = [];
  for (const file of files) {
    if (file.lastPosition <= lastPosition) placed.push(file);
    else placed.push(await cutFile(directory, { file, before: firstPosition, signal }));
  }
  const list: RestoredFiles = { lastPosition, files: placed };
  await writeNewFile(directory.path, listName, `${JSON.stringify(list, null, 1)}\n`);
}

interface Cut {
  readonly file: ParquetFile;
  readonly before: number;
  readonly signal: AbortSignal | undefined;
}

async function cutFile(
  directory: ParquetDirectory,
  { file, before, signal }: Cut,
): Promise<ParquetFile> {
  const whole = directory.placed(file);
  const job = { file: whole, lastPosition: before - 1, directory: directory.path };
  for await (const cut of runInThread('cut', job, { signal })) {
    // The list is written behind it, which syncs the directory.
    await rm(whole.path);
    return cut;
  }
  throw new AllSourceError('internal_error', `${file.name} was not cut`);
}

/** Undefined where the store was not restored, or its log has recorded its files since. */
export async function restoredFiles(
  directory: string,
  recordedAt: number,
): Promise<RestoredFiles | undefined> {
  const path = join(directory, listName);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const list = decoded(text);
  if (list === undefined) {
    const message = `${path}: expected the list of restored files; restore the store again`;
    throw new AllSourceError('storage_damaged', message);
  }
  return recordedAt > list.lastPosition ? undefined : list;
}

function decoded(text: string): RestoredFiles | undefined {
  try {
    const list: unknown = JSON.parse(text);
    const isList =
      isJsonObject(list) &&
      Number.isSafeInteger(list['lastPosition']) &&
      Array.isArray(list['files']);
    // `placeRestored` wrote it, in one step.
    return isList ? (list as unknown as RestoredFiles) : undefined;
  } catch {
    return undefined;
  }
}

import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeDirectory } from '../../../files/index.js';
import { CliError, findSystemCode } from '../../failure.js';

/** As a person makes folders: what others may do, their umask says. */
const folderMode = 0o777;

/**
 * Puts a text into a file, and makes its folder: whoever reads it sees what was there before, or all of
 * the new text. False where the file had it already; then it is not touched.
 */
export async function writeAtomically(file: string, text: string): Promise<boolean> {
  if ((await readIfThere(file)) === text) return false;
  const fresh = `${file}.${process.pid}.tmp`;
  try {
    await makeDirectory(dirname(file), folderMode);
    const handle = await open(fresh, 'w');
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(fresh, file);
    return true;
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => undefined);
    throw fileError(file, "can't be written", error);
  }
}

/** Undefined where there is no such file. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (findSystemCode(error) === 'ENOENT') return undefined;
    throw fileError(file, "can't be read", error);
  }
}

export function fileError(file: string, problem: string, error: unknown): CliError {
  const code = findSystemCode(error) ?? 'unknown error';
  return new CliError(`${file}: the file ${problem} (${code})`, { cause: error });
}

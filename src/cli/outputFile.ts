import { randomBytes } from 'node:crypto';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { writeInSlices } from '../files/index.js';
import { CliError, exitUsage, findSystemCode } from './failure.js';
import { writeOut } from './output.js';

/** What is written, and where. */
interface Output {
  readonly write: (piece: Uint8Array) => Promise<void>;
  readonly finish: () => Promise<void>;
  readonly abandon: () => Promise<void>;
}

/**
 * Pieces of a file, or of standard output where it is called `-`. A file is written beside, under a name that
 * nobody else has, and renamed at the end: what has its name is whole. A device or a pipe is written to
 * as it is.
 */
export async function writeOutput(
  file: string,
  force: boolean,
  work: (write: (piece: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  const output = file === '-' ? standardOutput : await opened(file, force);
  try {
    await work(output.write);
    await output.finish();
  } catch (error) {
    await output.abandon();
    throw error;
  }
}

const nothing = (): Promise<void> => Promise.resolve();
const standardOutput: Output = { write: writeOut, finish: nothing, abandon: nothing };

async function opened(file: string, force: boolean): Promise<Output> {
  if (file === '') {
    throw new CliError('expected the name of a file, got an empty one', { exitCode: exitUsage });
  }
  try {
    const there = await stat(file).catch(unlessMissing);
    if (there === undefined) return await besideFile(file);
    if (there.isDirectory()) throw new CliError(`${file}: is a directory; name a file in it`);
    if (!there.isFile()) return straightTo(await open(file, 'w'));
    if (!force) throw new CliError(`${file}: is there already; give --force to write over it`);
    // Of a link the file that it stands for.
    return await besideFile(await realpath(file));
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`${file}: cannot be written (${findSystemCode(error) ?? String(error)})`);
  }
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

async function besideFile(file: string): Promise<Output> {
  const beside = `${file}.${randomBytes(6).toString('hex')}.part`;
  const handle = await open(beside, 'wx');
  return {
    write: (piece) => writeInSlices(handle, piece),
    finish: async () => {
      await handle.sync();
      await handle.close();
      await rename(beside, file);
    },
    abandon: async () => {
      await handle.close();
      await rm(beside, { force: true });
    },
  };
}

function straightTo(handle: FileHandle): Output {
  const close = (): Promise<void> => handle.close();
  return { write: (piece) => handle.writeFile(piece), finish: close, abandon: close };
}

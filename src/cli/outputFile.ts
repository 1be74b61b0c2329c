import { open, rename, rm } from 'node:fs/promises';
import { writeInSlices } from '../files/index.js';
import { CliError, findSystemCode } from './failure.js';
import { writeOut } from './output.js';

/** What is written, and where. */
interface Output {
  readonly write: (piece: Uint8Array) => Promise<void>;
  readonly finish: () => Promise<void>;
  readonly abandon: () => Promise<void>;
}

/** A file is written beside and renamed at the end: what has its name is whole. */
export async function openOutput(file: string, force: boolean): Promise<Output> {
  if (file === '-') {
    const nothing = (): Promise<void> => Promise.resolve();
    return { write: writeOut, finish: nothing, abandon: nothing };
  }
  const beside = `${file}.part`;
  try {
    if (!force) await mustNotBeThere(file);
    const handle = await open(beside, 'w');
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
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`${file}: cannot be written (${findSystemCode(error) ?? String(error)})`);
  }
}

async function mustNotBeThere(file: string): Promise<void> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (handle === undefined) return;
  await handle.close();
  throw new CliError(`${file}: is there already; give --force to write over it`);
}

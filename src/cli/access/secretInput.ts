import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { CliError, exitUsage } from '../failure.js';

/**
 * A password: of a file, else typed on a terminal without being shown, else the first line of standard
 * input. Never a flag, since all users of a machine see those.
 */
export async function readPassword(
  prompt: string,
  { file, twice = false }: { readonly file?: string | undefined; readonly twice?: boolean } = {},
): Promise<string> {
  if (file !== undefined) return firstLine(readFile(file));
  if (!process.stdin.isTTY) return firstLine(await text(process.stdin));
  const password = await typed(`${prompt}: `);
  if (twice && (await typed(`${prompt} again: `)) !== password) {
    throw new CliError('the two passwords differ', { exitCode: exitUsage });
  }
  return password;
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CliError(`${file}: the password cannot be read`, {
      cause: error,
      exitCode: exitUsage,
    });
  }
}

function firstLine(all: string): string {
  const [line = ''] = all.split(/\r?\n/, 1);
  if (line !== '') return line;
  throw new CliError('expected a password, got an empty line', { exitCode: exitUsage });
}

async function typed(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  // What is typed is echoed to whom nobody sees.
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}

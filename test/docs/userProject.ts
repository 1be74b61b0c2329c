// A project of a user in a temporary directory, with this package in its node_modules: compiled from
// the sources as they are now, laid out as npm installs it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { afterAll } from 'vitest';
import { filesBelow, root } from '../tidy/sources.js';

const deadlineMs = 45_000;

const compilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
};

export function toJavaScript(text: string): string {
  return ts.transpileModule(text, { compilerOptions }).outputText;
}

/** The project's directory; removed after the tests of the file. */
export function makeUserProject(): string {
  const project = mkdtempSync(join(tmpdir(), 'allsource-docs-'));
  afterAll(() => rmSync(project, { recursive: true, force: true }));
  writeFileSync(join(project, 'package.json'), '{"type":"module"}');
  const home = join(project, 'node_modules/allsource-core');
  mkdirSync(home, { recursive: true });
  cpSync(join(root, 'package.json'), join(home, 'package.json'));
  for (const folder of ['node_modules', 'build'])
    symlinkSync(join(root, folder), join(home, folder));
  for (const file of filesBelow('src', ['.ts'])) {
    const target = join(home, file.replace(/^src/, 'dist').replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, toJavaScript(readFileSync(join(root, file), 'utf8')));
  }
  for (const name of [
    'ws',
    '@duckdb',
    'libsql',
    'apache-arrow',
    'tslib',
    'flatbuffers',
    'json-with-bigint',
  ])
    symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name));
  return project;
}

/** An empty directory in the project. */
export function makeFolder(project: string, name: string): string {
  const folder = join(project, name.replaceAll(/[^\w.]/g, '-'));
  mkdirSync(folder);
  return folder;
}

/** A folder of commands: the project's command line as `allsource`, and `npx` to call it with. */
export function installCommands(project: string, name: string, url: string): string {
  const bin = makeFolder(project, `commands-of-${name}`);
  const main = join(project, 'node_modules/allsource-core/dist/cli/main.js');
  const usesServer = '(ingest|query|tail|state|stats|consumer|webhook)';
  const allsource = [
    '#!/usr/bin/env bash',
    '# The pages use the default address; the tests have a server on a free port.',
    `if [[ "$1" =~ ^${usesServer}$ && " $* " != *" --url "* && " $* " != *" --data-dir "* ]]; then`,
    `  exec "${process.execPath}" "${main}" "$@" --url ${url}`,
    'fi',
    `exec "${process.execPath}" "${main}" "$@"`,
  ];
  writeFileSync(join(bin, 'allsource'), `${allsource.join('\n')}\n`);
  writeFileSync(join(bin, 'npx'), '#!/usr/bin/env bash\nexec "$@"\n');
  for (const name of ['allsource', 'npx']) chmodSync(join(bin, name), 0o755);
  return bin;
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runProgram(
  command: string,
  args: readonly string[],
  options: { cwd: string; path?: string | undefined },
): Promise<Finished> {
  const path = process.env['PATH'] ?? '';
  const env = { PATH: options.path === undefined ? path : `${options.path}:${path}` };
  const child = spawn(command, args, { cwd: options.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const deadline = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  await once(child, 'close');
  clearTimeout(deadline);
  return { code: child.exitCode, ...output };
}

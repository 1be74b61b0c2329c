import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const timeoutMs = 120_000;

/**
 * One line of the limit program's answer.
 *
 * @typedef {object} LimitFigure
 * @property {string} figure such as `sync:64x360:prewritten`
 * @property {number} groupsPerSecond
 * @property {number} recordsPerSecond
 * @property {number} bytesPerSecond
 * @property {number} microsMedian of one group
 * @property {number} microsP99
 */

/**
 * The program that measures what the machine can do at most, compiled where it is missing or older
 * than its sources. It needs no header of Node, so the compiler is called directly.
 *
 * @param {string} repositoryDir
 * @returns {string} path of the program
 */
export function buildLimit(repositoryDir) {
  const sourceDir = join(repositoryDir, 'bench', 'limit');
  const nativeDir = join(repositoryDir, 'native');
  const names = readdirSync(sourceDir).map((name) => join(sourceDir, name));
  const crc = join(nativeDir, 'base', 'crc32c');
  const sources = [...names.filter((name) => name.endsWith('.cc')), `${crc}.cc`];
  const headers = [...names.filter((name) => name.endsWith('.h')), `${crc}.h`];
  const program = join(repositoryDir, 'build', 'bench', 'limit');
  if (isNewer(program, [...sources, ...headers])) return program;
  mkdirSync(join(repositoryDir, 'build', 'bench'), { recursive: true });
  const flags = ['-std=c++20', '-O3', '-Wall', '-Wextra', '-I', nativeDir];
  // Under another name until it is whole: a build that is broken off must not pass for a program.
  execFileSync(process.env['CXX'] ?? 'g++', [...flags, ...sources, '-o', `${program}.new`]);
  renameSync(`${program}.new`, program);
  return program;
}

/**
 * @param {string} program
 * @param {{directory: string, seconds: number, figures: readonly string[], signal: AbortSignal}}
 *   how
 * @returns {Promise<LimitFigure[]>}
 */
export async function measureLimit(program, { directory, seconds, figures, signal }) {
  const args = ['measure', directory, String(seconds), ...figures];
  const { stdout } = await run(program, args, { signal, timeout: timeoutMs });
  return JSON.parse(stdout);
}

/**
 * Drops files from the page cache, so that the next reader meets them cold.
 *
 * @param {string} program
 * @param {readonly string[]} files
 */
export async function evictFiles(program, files) {
  await run(program, ['evict', ...files], { timeout: timeoutMs });
}

/** @param {string} directory */
export function listFiles(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/**
 * @param {string} path
 * @param {readonly string[]} sources
 */
function isNewer(path, sources) {
  const built = statSync(path, { throwIfNoEntry: false });
  return built !== undefined && sources.every((source) => statSync(source).mtimeMs < built.mtimeMs);
}

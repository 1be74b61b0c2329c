import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const sanitizedAddon = 'native/test/addressAddon/build/Release/allsource.node';

/** A built package that servers are started from. */
export interface Installation {
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  /** Libraries that must be loaded first. */
  readonly preload: readonly string[];
  remove(): Promise<void>;
}

export const plainInstallation: Installation = {
  root: repository,
  env: {},
  preload: [],
  remove: () => Promise.resolve(),
};

/** A copy of the package with the sanitized addon in the addon's place; builds it where needed. */
export async function sanitizedInstallation(): Promise<Installation> {
  execFileSync('npm', ['run', 'build:native-tests', '--', 'native/test/addressAddon'], {
    cwd: repository,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const root = await mkdtemp(join(tmpdir(), 'allsource-sanitized-'));
  await mkdir(join(root, 'build/Release'), { recursive: true });
  await cp(join(repository, sanitizedAddon), join(root, 'build/Release/allsource.node'));
  await cp(join(repository, 'dist'), join(root, 'dist'), { recursive: true });
  await cp(join(repository, 'package.json'), join(root, 'package.json'));
  await symlink(join(repository, 'node_modules'), join(root, 'node_modules'));
  return {
    root,
    env: {
      // Node itself ends without giving everything back.
      ASAN_OPTIONS: 'detect_leaks=0:strict_string_checks=1',
      UBSAN_OPTIONS: 'print_stacktrace=1',
    },
    preload: [sanitizerLibrary()],
    remove: () => rm(root, { recursive: true }),
  };
}

function sanitizerLibrary(): string {
  const name = 'libasan.so';
  const path = execFileSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();
  if (!existsSync(path)) throw new Error(`g++ has no ${name}`);
  return path;
}

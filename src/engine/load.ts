import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { AllSourceError } from '../domain/index.js';
import type { NativeAddon } from './port.js';

const require = createRequire(import.meta.url);
const packageRoot = new URL('../../', import.meta.url);

/** Version of this package; the addon must be of the same one. */
export const packageVersion = readPackageVersion();

let loaded: NativeAddon | undefined;

/**
 * The native addon: the local build if there is one, else the platform's package. Throws
 * `addon_load_failed`, which lists every attempt and says what to do.
 */
export function loadAddon(): NativeAddon {
  loaded ??= loadFirst(candidates());
  return loaded;
}

/**
 * Has the system run others before the calling thread or, where it is said, before all threads of this
 * process, so that appends beside long work are not held up by it. On systems other than Linux a thread
 * alone is left as it is.
 */
export function letOthersGoFirst(who: 'thread' | 'process'): void {
  loadAddon().letOthersGoFirst(who === 'process');
}

interface Candidate {
  readonly name: string;
  /** What `require` is given. */
  readonly path: string;
}

function candidates(): Candidate[] {
  const local = fileURLToPath(new URL('build/Release/allsource.node', packageRoot));
  const platform = platformPackage();
  return [
    { name: 'local build', path: local },
    { name: 'platform package', path: `${platform}/allsource.${platform.slice(16)}.node` },
  ];
}

/** `@allsource/core-<platform>-<arch>[-<abi>]`, as @napi-rs/cli names the packages. */
function platformPackage(): string {
  const abi = process.platform === 'linux' ? (isMusl() ? '-musl' : '-gnu') : '';
  return `@allsource/core-${process.platform}-${process.arch}${abi}`;
}

function isMusl(): boolean {
  const report = process.report.getReport();
  const header = 'header' in report ? report.header : undefined;
  return !(typeof header === 'object' && header !== null && 'glibcVersionRuntime' in header);
}

function loadFirst(all: readonly Candidate[]): NativeAddon {
  const attempts: string[] = [];
  for (const candidate of all) {
    const addon = tryLoad(candidate, attempts);
    if (addon) return addon;
  }
  throw new AllSourceError(
    'addon_load_failed',
    `the native addon of allsource-core ${packageVersion} could not be loaded on ` +
      `${process.platform}-${process.arch}, Node ${process.version}. Tried:\n` +
      attempts.map((attempt) => `  - ${attempt}`).join('\n') +
      '\nIn a clone run `npm ci` (needs g++, make and python3); in a project run ' +
      `\`npm install allsource-core\` again without --omit=optional, so that ${platformPackage()} ` +
      'is installed.',
  );
}

function tryLoad({ name, path }: Candidate, attempts: string[]): NativeAddon | undefined {
  try {
    // The module is ours; its shape is checked by the version that it carries.
    const addon = require(path) as NativeAddon;
    if (addon.version === packageVersion) return addon;
    attempts.push(`${name} ${path}: is of version ${addon.version}, expected ${packageVersion}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    attempts.push(`${name} ${path}: ${reason}`);
  }
  return undefined;
}

function readPackageVersion(): string {
  const text = readFileSync(new URL('package.json', packageRoot), 'utf8');
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed === 'object' && parsed !== null && 'version' in parsed) {
    return String(parsed.version);
  }
  throw new AllSourceError('addon_load_failed', 'package.json of allsource-core has no version');
}

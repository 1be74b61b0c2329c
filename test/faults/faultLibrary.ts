import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the library is told; `faults.c` says what each means. */
export interface FaultSettings {
  readonly calls?: string;
  readonly error?: 'EIO' | 'ENOSPC' | 'EINTR' | 'SHORT' | 'TORN' | 'IGNORE';
  readonly nth?: number;
  readonly forEver?: boolean;
  readonly suffix?: string;
  readonly path?: string;
  readonly trigger?: string;
  readonly counts?: string;
  readonly met?: string;
}

/** Environment of a child process whose calls to the file system fail. */
export function faultEnvironment(
  settings: FaultSettings,
  preloadBefore: readonly string[] = [],
): Record<string, string> {
  const variables: Record<string, string | undefined> = {
    FAULT_CALLS: settings.calls,
    FAULT_ERROR: settings.error,
    FAULT_NTH: settings.nth === undefined ? undefined : String(settings.nth),
    // Without a number every call from the first on.
    FAULT_FOREVER: settings.forEver || settings.nth === undefined ? '1' : undefined,
    FAULT_SUFFIX: settings.suffix,
    FAULT_PATH: settings.path,
    FAULT_TRIGGER: settings.trigger,
    FAULT_COUNTS: settings.counts,
    FAULT_MET: settings.met,
  };
  const environment: Record<string, string> = {
    LD_PRELOAD: [...preloadBefore, faultLibrary()].join(' '),
  };
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}

let built = '';

/** The library, built once a process. */
function faultLibrary(): string {
  if (built !== '') return built;
  const directory = mkdtempSync(join(tmpdir(), 'allsource-fault-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  const library = join(directory, 'faults.so');
  const source = fileURLToPath(new URL('faults.c', import.meta.url));
  const flags = ['-shared', '-fPIC', '-O1', '-Wall', '-xc'];
  execFileSync('g++', [...flags, source, '-o', library, '-ldl'], { stdio: 'inherit' });
  built = library;
  return built;
}

import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { openEventStore } from '../../src/index.js';
import { packageVersion } from '../../src/engine/index.js';
import { makeDirectory } from '../support/store.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const localBuild = join('build', 'Release', 'allsource.node');

interface Layout {
  readonly localBuild?: 'good' | 'broken';
  readonly platformPackage?: 'good' | 'broken';
  /** What the copied package says of itself; the addon says what it was built as. */
  readonly version?: string;
}

/** A copy of the package as npm installs it, with the addon where the layout says. */
async function install(layout: Layout): Promise<string> {
  const directory = await makeDirectory();
  await cp(join(root, 'dist'), join(directory, 'dist'), { recursive: true });
  const text = await readFile(join(root, 'package.json'), 'utf8');
  const version = layout.version ?? packageVersion;
  const known = JSON.parse(text) as { readonly dependencies: Record<string, string> };
  const description = { ...known, version };
  await writeFile(join(directory, 'package.json'), JSON.stringify(description));
  for (const name of Object.keys(known.dependencies)) {
    const path = join('node_modules', name);
    await mkdir(join(directory, path, '..'), { recursive: true });
    await symlink(join(root, path), join(directory, path), 'dir');
  }
  await place(layout.localBuild, join(directory, localBuild));
  if (layout.platformPackage === undefined) return directory;
  await place(layout.platformPackage, join(directory, 'node_modules', await platformFile()));
  return directory;
}

/** Package and file that the loader looks for here, as its error names them. */
async function platformFile(): Promise<string> {
  const { message = '' } = await open(await install({}));
  const found = /platform package (@allsource\/core-(\S+)\/allsource\.\2\.node)/.exec(message);
  if (!found?.[1]) throw new Error(`no platform package in: ${message}`);
  return found[1];
}

async function place(kind: 'good' | 'broken' | undefined, path: string): Promise<void> {
  if (kind === undefined) return;
  await mkdir(join(path, '..'), { recursive: true });
  if (kind === 'good') await cp(join(root, localBuild), path);
  else await writeFile(path, 'no shared object');
}

/** Opens a store in a process of its own; what it prints is `ok` or the error. */
async function open(directory: string): Promise<{ code?: string; message?: string }> {
  const script = `
    const { openEventStore } = await import(process.argv[1]);
    try {
      const store = await openEventStore({ memory: true, snapshots: { automatic: false } });
      await store.append({ eventType: 'a', entityId: 'a', payload: 1 });
      await store.close();
      console.log('{}');
    } catch ({ code, message }) {
      console.log(JSON.stringify({ code, message }));
    }`;
  const url = pathToFileURL(join(directory, 'dist', 'index.js')).href;
  const args = ['--input-type=module', '-e', script, url];
  const { stdout } = await run(process.execPath, args, { cwd: directory });
  return JSON.parse(stdout) as { code?: string; message?: string };
}

describe('the loader', () => {
  it('works from the sources and from dist', async () => {
    const store = await openEventStore({ memory: true, snapshots: { automatic: false } });
    await store.close();
    expect(await open(root)).toEqual({});
  });

  it('takes the local build first', async () => {
    const directory = await install({ localBuild: 'good', platformPackage: 'broken' });
    expect(await open(directory)).toEqual({});
  });

  it.each<Layout>([{ platformPackage: 'good' }, { localBuild: 'broken', platformPackage: 'good' }])(
    'takes the package of the platform where the local build is of no use: %j',
    async (layout) => {
      expect(await open(await install(layout))).toEqual({});
    },
  );

  it('lists every attempt and the remedy where there is no addon', async () => {
    const directory = await install({});
    const { code, message = '' } = await open(directory);
    expect(code).toBe('addon_load_failed');
    expect(message).toContain(`local build ${join(directory, localBuild)}: Cannot find module`);
    const platform = `${process.platform}-${process.arch}`;
    expect(message).toContain(`platform package @allsource/core-${platform}`);
    expect(message).toContain(`/allsource.${platform}`);
    expect(message).toContain(process.version);
    expect(message).toContain('npm ci');
    expect(message).toContain('--omit=optional');
  });

  it('refuses an addon of another version, and says which', async () => {
    const layout: Layout = { localBuild: 'good', platformPackage: 'good', version: '99.0.0' };
    const { code, message = '' } = await open(await install(layout));
    expect(code).toBe('addon_load_failed');
    const stale = `is of version ${packageVersion}, expected 99.0.0`;
    expect(message.split(stale)).toHaveLength(3);
  });

  it('says why a file is no addon', async () => {
    const { code, message = '' } = await open(await install({ localBuild: 'broken' }));
    expect(code).toBe('addon_load_failed');
    expect(message).toMatch(/local build .*: .*(invalid|too short|ELF|slice)/i);
  });
});

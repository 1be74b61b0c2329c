// A process in which the package is not installed.
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { makeDirectory } from '../support/store.js';

const root = join(import.meta.dirname, '../..');

it('names the package that is missing, and all else works', async () => {
  const directory = await makeDirectory();
  const hook = `export async function resolve(specifier, context, next) {
    if (!specifier.startsWith('@duckdb/')) return next(specifier, context);
    throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
  }`;
  await writeFile(join(directory, 'hook.mjs'), hook);
  const register = `import { register } from 'node:module';
    register(${JSON.stringify(pathToFileURL(join(directory, 'hook.mjs')).href)});`;
  await writeFile(join(directory, 'register.mjs'), register);
  const imports = ['--import', pathToFileURL(join(directory, 'register.mjs')).href];
  const data = join(directory, 'data');
  const program = `import { openEventStore } from ${JSON.stringify(pathToFileURL(join(root, 'dist/index.js')).href)};
    const store = await openEventStore({ dataDir: ${JSON.stringify(data)} });
    await store.append({ eventType: 'a.b', entityId: 'e', payload: 1 });
    const told = await store.sql('SELECT 1').catch((error) => [error.code, error.status, error.message]);
    console.log(JSON.stringify([...told, (await store.analytics.summary()).totalEvents]));
    await store.close();`;
  await writeFile(join(directory, 'main.mjs'), program);
  const main = spawnSync(process.execPath, [...imports, join(directory, 'main.mjs')]);
  expect(JSON.parse(main.stdout.toString())).toEqual([
    'sql_unavailable',
    501,
    'SQL needs the package @duckdb/node-api, which is not installed; install it beside allsource-core (npm install @duckdb/node-api)',
    1,
  ]);
  const cli = [...imports, join(root, 'dist/cli/main.js'), 'sql', '--data-dir', data, 'SELECT 1'];
  const { status, stderr } = spawnSync(process.execPath, cli);
  expect(status).toBe(1);
  expect(stderr.toString()).toMatch(/^allsource: SQL needs the package @duckdb\/node-api/);
}, 60_000);

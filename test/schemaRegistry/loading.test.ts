import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { makeDirectory } from '../support/store.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

/** What a process prints that has this package, and none of those that it needs; `openEventStore` is there. */
async function printedBy(script: string): Promise<unknown> {
  const directory = await makeDirectory();
  for (const path of ['dist', 'package.json', join('build', 'Release', 'allsource.node')]) {
    await cp(join(root, path), join(directory, path), { recursive: true });
  }
  const url = pathToFileURL(join(directory, 'dist', 'index.js')).href;
  const text = `const { openEventStore } = await import(${JSON.stringify(url)}); ${script}`;
  const args = ['--input-type=module', '-e', text];
  const { stdout } = await run(process.execPath, args, { cwd: directory });
  return JSON.parse(stdout);
}

const useStore = `
  const store = await openEventStore({ memory: true });
  await store.append({ eventType: 'order.placed', entityId: 'order-1', payload: { cents: 1 } });
  const events = [];
  for await (const event of store.read({ upcast: 'latest' })) events.push(event.payload);`;

describe('a store without schemas', () => {
  it('loads no package', async () => {
    expect(await printedBy(`${useStore} console.log(JSON.stringify(events));`)).toEqual([
      { cents: 1 },
    ]);
  });

  it('loads nothing that sends requests', async () => {
    const script = `${useStore}
      const isLoaded = (name) => process.moduleLoadList.includes('NativeModule ' + name);
      console.log(JSON.stringify(['fs', 'http', 'https', 'tls'].map(isLoaded)));`;
    expect(await printedBy(script)).toEqual([true, false, false, false]);
  });

  it('loads what checks payloads with the first schema', async () => {
    const script = `${useStore}
      const code = await store.schemas
        .register('order.placed', { type: 'object' })
        .catch((error) => [error.code, /'ajv/.test(error.message)]);
      console.log(JSON.stringify(code));`;
    expect(await printedBy(script)).toEqual(['MODULE_NOT_FOUND', true]);
  });
});

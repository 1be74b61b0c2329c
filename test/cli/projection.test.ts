import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeDirectory, makeLines, parseLines, run, serve, stop } from './commandLine.js';

let url = '';
const projection = (...args: string[]) => run(['projection', ...args, '--url', url]);

const totals = {
  name: 'totals',
  source_event_types: ['order.placed'],
  fields: { orders: { fold: 'count' }, last: { fold: 'last', field: 'index' } },
};

beforeAll(async () => {
  ({ url } = await serve(['--memory']));
  await run(['ingest', '-', '--url', url], { input: makeLines(6).join('\n') });
});

async function fileOf(value: unknown): Promise<string> {
  const file = join(await makeDirectory(), 'input.json');
  await writeFile(file, typeof value === 'string' ? value : JSON.stringify(value));
  return file;
}

/** What the server has once the projection has come to the end of the events. */
async function ask(name: string, part = ''): Promise<Record<string, unknown>> {
  const path = `${url}/api/v1/projections/${name}`;
  await (await fetch(`${path}?wait_for_position=6`)).text();
  return (await (await fetch(path + part)).json()) as Record<string, unknown>;
}

describe('allsource projection', () => {
  it('declare makes one of a file, and show prints what the server has', async () => {
    const file = await fileOf({ ...totals, name: 'shown', on_error: 'park' });
    const declared = await projection('declare', file);
    expect(declared).toMatchObject({ code: 0, stderr: '' });
    expect(declared.stdout).toMatch(/^kind +declarative$/m);
    await ask('shown');
    const shown = await projection('show', 'shown', '--json');
    expect(parseLines(shown.stdout)).toEqual([await ask('shown')]);
    expect((await projection('show', 'shown')).stdout).toMatch(/^status +running$/m);
    const table = await projection('list');
    expect(table.stdout).toMatch(/^projection +kind +version +status +position +lag +parked$/m);
    expect(table.stdout).toMatch(/^entity_snapshots +built_in +1 +running/m);
    const json = await projection('list', '--json');
    expect(parseLines(json.stdout).map(({ name }) => name)).toContain('shown');
    const other = await projection('declare', await fileOf({ ...totals, name: 'shown' }));
    expect(other).toMatchObject({ code: 1, stdout: '' });
    expect(other.stderr).toContain('take another name or a higher version');
  });

  it('declare takes standard input and a tenant, and says what is wrong', async () => {
    const args = ['projection', 'declare', '-', '--tenant', 'acme', '--json', '--url', url];
    const input = JSON.stringify({ ...totals, tenant_id: 'two', version: null });
    const declared = await run(args, { input });
    expect(parseLines(declared.stdout)).toMatchObject([{ name: 'totals', tenant_id: 'acme' }]);
    const cases: [unknown, string][] = [
      ['{', 'expected a declaration as JSON'],
      [[], 'expected a declaration as a JSON object'],
      [{ ...totals, filed: 1 }, 'filed: not a field of a declaration; they are name, version'],
      [{ ...totals, fields: {} }, 'fields'],
      [{ ...totals, fields: undefined }, 'fields'],
      [{ ...totals, name: 'a b' }, 'name'],
    ];
    for (const [content, told] of cases) {
      const refused = await projection('declare', await fileOf(content));
      expect(refused, told).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toContain(told);
    }
  });

  it('states and get print what is kept', async () => {
    await projection('declare', await fileOf({ ...totals, name: 'kept' }));
    await ask('kept');
    const table = await projection('states', 'kept');
    expect(table.stdout).toMatch(/^key +state$/m);
    expect(table.stdout).toMatch(/^entity-1 +\{"orders":1,"last":4\}$/m);
    const json = await projection('states', 'kept', '--json', '--limit', '2');
    expect(parseLines(json.stdout).map(({ key }) => key)).toEqual(['entity-0', 'entity-2']);
    const found = await projection('states', 'kept', '--json', '--prefix', 'entity-2');
    expect(parseLines(found.stdout)).toEqual([{ key: 'entity-2', state: { orders: 1, last: 2 } }]);
    const none = await projection('states', 'kept', '--prefix', 'x');
    expect(none).toMatchObject({ code: 0, stdout: '', stderr: 'no states\n' });
    const one = await projection('get', 'kept', 'entity-1', '--json');
    expect(parseLines(one.stdout)).toEqual([await ask('kept', '/state/entity-1')]);
    expect((await projection('get', 'kept', 'entity-1')).stdout).toContain('"last": 4');
    const missing = await projection('get', 'kept', 'nobody');
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toContain('`allsource projection states` prints those that there are');
    expect((await projection('states', 'kept', '--limit', '0')).code).toBe(2);
  });

  it('parked prints what was left out', async () => {
    const fields = {
      sum: { fold: 'sum', field: 'field0' },
      bad: { fold: 'merge', field: 'index' },
    };
    await projection(
      'declare',
      await fileOf({ ...totals, name: 'parking', fields, on_error: 'park' }),
    );
    await ask('parking');
    const table = await projection('parked', 'parking');
    expect(table.stdout).toMatch(/^ +1 +order\.placed: bad/m);
    const json = await projection('parked', 'parking', '--json');
    expect(parseLines(json.stdout).map(({ position }) => position)).toEqual([1, 3, 5]);
  });

  it('pause, resume and rebuild change it, and delete deletes it', async () => {
    await projection('declare', await fileOf({ ...totals, name: 'changed' }));
    await ask('changed');
    expect((await projection('pause', 'changed')).stdout).toMatch(/^status +paused$/m);
    expect((await projection('resume', 'changed')).stdout).toMatch(/^status +running$/m);
    const rebuilt = await projection('rebuild', 'changed', '--json');
    expect(rebuilt).toMatchObject({ code: 0, stderr: '' });
    expect(parseLines(rebuilt.stdout)).toMatchObject([{ status: 'running', rebuild: null }]);
    const builtIn = await projection('rebuild', 'event_counters');
    expect(builtIn).toMatchObject({ code: 1, stdout: '' });
    expect((await projection('delete', 'changed', '--json')).stdout).toBe(
      '{"deleted":"changed"}\n',
    );
    for (const command of ['show', 'states', 'parked', 'pause', 'resume', 'rebuild', 'delete']) {
      const { code, stdout, stderr } = await projection(command, 'changed');
      expect({ code, stdout }, command).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain('`allsource projection list` prints those of a --tenant');
    }
  });

  it('works on a directory, read-only where nothing is changed', async () => {
    const dataDir = join(await makeDirectory(), 'data');
    const on = (...args: string[]) => run(['projection', ...args, '--data-dir', dataDir]);
    await run(['ingest', '-', '--data-dir', dataDir], { input: makeLines(6).join('\n') });
    const declared = await on('declare', await fileOf(totals));
    expect(declared).toMatchObject({ code: 0, stderr: '' });
    const rebuilt = await on('rebuild', 'totals');
    expect(rebuilt).toMatchObject({ code: 0, stderr: '' });
    const states = [
      { key: 'entity-0', state: { orders: 1, last: 0 } },
      { key: 'entity-2', state: { orders: 1, last: 2 } },
      { key: 'entity-1', state: { orders: 1, last: 4 } },
    ];
    expect(parseLines((await on('states', 'totals', '--json')).stdout)).toEqual(states);
    // Beside the server that writes.
    const server = await serve(['--data-dir', dataDir]);
    expect(parseLines((await on('states', 'totals', '--json')).stdout)).toEqual(states);
    expect((await on('show', 'totals')).stdout).toMatch(/^version +1$/m);
    expect(await on('pause', 'totals')).toMatchObject({ code: 1, stdout: '' });
    await stop(server.child, 'SIGTERM');
    expect((await on('delete', 'totals')).stdout).toBe('totals is deleted\n');
  });
});

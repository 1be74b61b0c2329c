// In the process of the test, on data directories: each command opens and closes the store.
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../src/cli/program.js';
import { makeDirectory, parseLines, run, serve, type Finished } from './commandLine.js';

const total = { type: 'number' };
const first = { type: 'object', required: ['total'], properties: { total } };
const wider = { ...first, properties: { total: { type: ['number', 'null'] } } };
const widest = { ...first, required: [], properties: {} };
const breaking = { ...first, required: ['total', 'currency'] };

let home = '';
let shop = '';

beforeEach(async () => {
  home = await makeDirectory();
  shop = join(home, 'shop');
});

async function allsource(...args: string[]): Promise<Finished> {
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    const code = await runCommandLine(args);
    const textOf = ({ mock }: typeof stdout): string =>
      mock.calls.map(([chunk]) => String(chunk)).join('');
    return { code, stdout: textOf(stdout), stderr: textOf(stderr) };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
  }
}

const schema = (...args: string[]) => allsource('schema', ...args, '--data-dir', shop);

async function fileOf(name: string, value: unknown): Promise<string> {
  const file = join(home, name);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, typeof value === 'string' ? value : JSON.stringify(value));
  return file;
}

async function register(subject: string, value: unknown): Promise<void> {
  const { code, stderr } = await schema('register', subject, await fileOf('new.json', value));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

const pull = (dir: string, ...args: string[]) => schema('pull', '--dir', join(home, dir), ...args);
const push = (dir: string, ...args: string[]) => schema('push', '--dir', join(home, dir), ...args);
const readJson = async (name: string) =>
  JSON.parse(await readFile(join(home, name), 'utf8')) as Record<string, unknown>;
const latest = async (subject: string) =>
  parseLines((await schema('show', subject, '--json')).stdout)[0];

describe('allsource schema', () => {
  it('registers a version, and the same schema again is the same one', async () => {
    const file = await fileOf('first.json', first);
    const flags = ['--tag', 'a', '--tag', 'b', '--description', 'orders'];
    const registered = await schema('register', 'order.placed', file, ...flags);
    expect(registered).toMatchObject({ code: 0, stderr: '' });
    expect(registered.stdout).toMatch(/^version +1$/m);
    expect(registered.stdout).toMatch(/^tags +a, b$/m);
    expect((await schema('register', 'order.placed', file)).stdout).toMatch(/^version +1$/m);
    await register('order.placed', wider);
    expect((await schema('versions', 'order.placed')).stdout).toBe('1\n2\n');
    const versions = await schema('versions', 'order.placed', '--json');
    expect(parseLines(versions.stdout)).toEqual([{ subject: 'order.placed', versions: [1, 2] }]);
    const shown = await schema('show', 'order.placed', '--version', '1', '--json');
    expect(parseLines(shown.stdout)).toMatchObject([
      { ...{ version: 1, schema: first, description: 'orders' }, tenant_id: 'default' },
    ]);
    const list = await schema('list');
    expect(list.stdout).toMatch(/^order\.placed +2 +BACKWARD +enforce +0 +0$/m);
    expect(parseLines((await schema('list', '--json')).stdout)).toMatchObject([
      { subject: 'order.placed', latest_version: 2 },
    ]);
    expect((await schema('list', '--tenant', 'acme')).stdout).toBe('');
  });

  it('says where the same schema is an earlier version, which is not enforced', async () => {
    const file = await fileOf('first.json', first);
    expect(await schema('register', 'order.placed', file)).toMatchObject({ code: 0, stderr: '' });
    expect(await schema('register', 'order.placed', file)).toMatchObject({ code: 0, stderr: '' });
    await register('order.placed', wider);
    const again = await schema('register', 'order.placed', file, '--json');
    expect(again.code).toBe(0);
    expect(parseLines(again.stdout)).toMatchObject([
      { version: 1, schema: first, is_new: false, latest_version: 2 },
    ]);
    expect(again.stderr).toBe('this is version 1; version 2 stays the one that is enforced\n');
    await schema('enforcement', 'order.placed', 'off');
    expect((await schema('register', 'order.placed', file)).stderr).toBe(
      'this is version 1; version 2 stays the newest\n',
    );
  });

  it('takes a schema from standard input', async () => {
    const args = ['schema', 'register', 'order.*', '-', '--json', '--data-dir', shop];
    const registered = await run(args, { input: JSON.stringify(first) });
    expect(registered).toMatchObject({ code: 0, stderr: '' });
    expect(parseLines(registered.stdout)).toMatchObject([{ subject: 'order.*', version: 1 }]);
  });

  it('says what is wrong with a file, and names it', async () => {
    const missing = await schema('register', 'a.b', join(home, 'nothing.json'));
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toContain('(ENOENT)');
    for (const [content, told] of [
      ['{"type":', 'expected a JSON Schema as JSON'],
      [{ type: 'strin' }, 'at /type'],
      ['[]', 'got an array'],
    ] as const) {
      const refused = await schema('register', 'a.b', await fileOf('bad.json', content));
      expect(refused, told).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toContain('bad.json');
      expect(refused.stderr).toContain(told);
    }
  });

  it('refuses a change that breaks, and says where all of them are told', async () => {
    await register('order.placed', first);
    const refused = await schema('register', 'order.placed', await fileOf('x.json', breaking));
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('required_added');
    expect(refused.stderr).toContain('`allsource schema check SUBJECT FILE`');
  });

  it('shows compatibility and enforcement, and sets them', async () => {
    await register('order.placed', first);
    expect((await schema('compatibility', 'order.placed')).stdout).toBe('BACKWARD\n');
    expect((await schema('compatibility', 'order.placed', 'none')).stdout).toBe('NONE\n');
    await register('order.placed', breaking);
    expect((await schema('enforcement', 'order.placed')).stdout).toBe('enforce\n');
    const set = await schema('enforcement', 'order.placed', 'warn', '--json');
    expect(parseLines(set.stdout)).toEqual([{ subject: 'order.placed', enforcement: 'warn' }]);
    expect(await latest('order.placed')).toMatchObject({
      ...{ version: 2, compatibility: 'NONE', enforcement: 'warn' },
    });
    expect((await schema('enforcement', 'order.placed', 'loud')).code).toBe(2);
    expect((await schema('compatibility', 'order.placed', 'sideways')).code).toBe(2);
  });

  it('deletes a version, or all', async () => {
    await register('order.placed', first);
    await register('order.placed', wider);
    const one = await schema('delete', 'order.placed', '--version', '2');
    expect(one.stdout).toBe('version 2 of order.placed is deleted\n');
    expect((await schema('versions', 'order.placed')).stdout).toBe('1\n');
    const all = await schema('delete', 'order.placed', '--json');
    expect(all.stdout).toBe('{"deleted":"order.placed"}\n');
    for (const command of ['show', 'versions', 'delete', 'compatibility', 'enforcement']) {
      const { code, stdout, stderr } = await schema(command, 'order.placed');
      expect({ code, stdout }, command).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain('`allsource schema list` prints the subjects');
    }
  });

  it('validates payloads, and ends with 1 where one breaks the schema', async () => {
    await register('order.placed', first);
    const lines = await fileOf('p.ndjson', '{"total":1}\n\n{"total":"x"}\n{}\n');
    const checked = await schema('validate', 'order.placed', lines);
    expect(checked.code).toBe(1);
    expect(checked.stdout).toMatch(/^line 3: \/total: type: expected a number/m);
    expect(checked.stdout).toMatch(/^line 4: \/total: required: /m);
    expect(checked.stderr).toContain('3 checked against version 1 of order.placed, 2 not valid');
    const json = await schema('validate', 'order.placed', lines, '--json');
    expect(parseLines(json.stdout)).toMatchObject([
      { line: 1, valid: true, errors: [], schema_version: 1 },
      { line: 3, valid: false, errors: [{ pointer: '/total', rule: 'type' }] },
      { line: 4, valid: false },
    ]);
    const whole = await fileOf('p.json', '{\n  "total": 1\n}\n');
    expect(await schema('validate', 'order.placed', whole)).toMatchObject({ code: 0, stdout: '' });
    const broken = await schema('validate', 'order.placed', await fileOf('q', '{}\n{"total"\n'));
    expect(broken.code).toBe(1);
    expect(broken.stderr).toContain('line 2: expected a payload as JSON');
  });
});

describe('allsource schema check', () => {
  it('tells what would break, and registers nothing', async () => {
    await register('order.placed', first);
    const refused = await schema('check', 'order.placed', await fileOf('x.json', breaking));
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(/^order\.placed: incompatible \(BACKWARD\)$/m);
    expect(refused.stdout).toMatch(/^ +required_added at \/required/m);
    expect(refused.stdout).toMatch(/^ +was +\["total"\]$/m);
    expect(refused.stdout).toMatch(/^ +advice +\S/m);
    const taken = await schema('check', 'order.placed', await fileOf('y.json', wider), '--json');
    expect(taken.code).toBe(0);
    expect(parseLines(taken.stdout)).toMatchObject([
      { status: 'compatible', breaking_changes: [], compatibility: 'BACKWARD' },
    ]);
    expect((await schema('versions', 'order.placed')).stdout).toBe('1\n');
  });

  it('goes through a folder, and ends with 2 where it could not tell', async () => {
    await register('order.*', first);
    await register('order.placed', first);
    await fileOf('schemas/order.+.json', first);
    await fileOf('schemas/order.placed.json', wider);
    await fileOf('schemas/order.paid.json', first);
    const dir = join(home, 'schemas');
    const checked = await schema('check', '--dir', dir, '--json');
    expect(checked.code).toBe(0);
    expect(parseLines(checked.stdout).map(({ subject, status }) => [subject, status])).toEqual([
      ['order.*', 'unchanged'],
      ['order.paid', 'new'],
      ['order.placed', 'compatible'],
    ]);
    await fileOf('schemas/order.paid.json', { type: 5 });
    const invalid = await schema('check', '--dir', dir);
    expect(invalid.code).toBe(2);
    expect(invalid.stdout).toMatch(/^order\.paid: invalid \(.*order\.paid\.json/m);
    await rm(join(dir, 'order.paid.json'));
    await fileOf('schemas/Order.json', first);
    const misnamed = await schema('check', '--dir', dir);
    expect(misnamed).toMatchObject({ code: 2, stdout: '' });
    expect(misnamed.stderr).toContain('named after its subject');
    expect((await schema('check', '--dir', join(home, 'nothing'))).code).toBe(2);
    expect((await schema('check', 'order.placed')).code).toBe(2);
  });

  it('compares two folders without a store', async () => {
    await fileOf('old/order.placed.json', first);
    await fileOf('now/order.placed.json', wider);
    const dirs = ['--dir', join(home, 'now'), '--against', join(home, 'old')];
    expect(await allsource('schema', 'check', ...dirs)).toMatchObject({
      ...{ code: 0, stdout: 'order.placed: compatible (BACKWARD)\n' },
    });
    const forward = await allsource('schema', 'check', ...dirs, '--compatibility', 'forward');
    expect(forward.code).toBe(1);
    expect(forward.stdout).toContain('incompatible (FORWARD)');
    expect((await schema('check', ...dirs)).code).toBe(2);
  });
});

describe('allsource schema types', () => {
  it('writes the same bytes from a store and from its files', async () => {
    await register('order.placed', first);
    await register('order.*', widest);
    await pull('schemas');
    const out = join(home, 'src/events.d.ts');
    const written = await schema('types', '--out', out);
    expect(written).toMatchObject({ code: 0, stdout: '' });
    const text = await readFile(out, 'utf8');
    expect(text).toContain('OrderPlaced');
    const dir = ['--dir', join(home, 'schemas')];
    expect((await allsource('schema', 'types', ...dir)).stdout).toBe(text);
    expect((await allsource('schema', 'types', ...dir, '--out', out, '--check')).code).toBe(0);
    await writeFile(out, `${text}\n`);
    const stale = await schema('types', '--out', out, '--check');
    expect(stale.code).toBe(1);
    expect(stale.stderr).toContain('not up to date');
    expect(await readdir(join(home, 'src'))).toEqual(['events.d.ts']);
    expect((await schema('types', '--check')).code).toBe(2);
  });
});

describe('allsource schema pull and push', () => {
  it('take an edit from one folder to another', async () => {
    await register('order.placed', first);
    await register('order.*', first);
    expect((await pull('a')).stdout).toBe(
      'added order.* (version 1)\nadded order.placed (version 1)\n',
    );
    expect((await readdir(join(home, 'a'))).sort()).toEqual([
      ...['order.+.json', 'order.placed.json', 'schemas.lock.json'],
    ]);
    await pull('b');
    await fileOf('a/order.placed.json', wider);
    await fileOf('a/order.paid.json', first);
    const dry = await push('a', '--dry-run');
    expect(dry).toMatchObject({ code: 0 });
    expect(dry.stdout).toContain('register order.placed (would be registered)');
    expect((await schema('versions', 'order.placed')).stdout).toBe('1\n');
    const pushed = await push('a');
    expect(pushed).toMatchObject({ code: 0, stderr: '' });
    expect(pushed.stdout).toBe(
      'registered order.paid (version 1)\nregistered order.placed (version 2)\n',
    );
    expect(await latest('order.placed')).toMatchObject({ version: 2, schema: wider });
    expect((await push('a')).stdout).toBe('');
    expect((await pull('b')).stdout).toBe(
      'added order.paid (version 1)\nupdated order.placed (version 2)\n',
    );
    expect(await readJson('b/order.placed.json')).toEqual(wider);
    expect(await readJson('b/schemas.lock.json')).toEqual(await readJson('a/schemas.lock.json'));
    expect(await readJson('b/schemas.lock.json')).toMatchObject({
      lock_version: 1,
      tenant_id: 'default',
      subjects: { 'order.placed': { version: 2, compatibility: 'BACKWARD' } },
    });
    await schema('delete', 'order.paid');
    expect((await pull('b')).stdout).toBe('removed order.paid\n');
    expect(await readdir(join(home, 'b'))).not.toContain('order.paid.json');
  });

  it('push hands description and tags on to the next version', async () => {
    const about = ['--description', 'orders', '--tag', 'shop', '--tag', 'billing'];
    await schema('register', 'order.placed', await fileOf('first.json', first), ...about);
    await pull('a');
    await fileOf('a/order.placed.json', wider);
    expect((await push('a')).stdout).toBe('registered order.placed (version 2)\n');
    expect(await latest('order.placed')).toMatchObject({
      ...{ version: 2, description: 'orders', tags: ['shop', 'billing'] },
    });
  });

  it('push registers nothing where one schema is refused', async () => {
    await register('order.placed', first);
    await pull('a');
    await fileOf('a/order.placed.json', breaking);
    await fileOf('a/order.paid.json', first);
    const refused = await push('a');
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('required_added');
    expect(refused.stderr).toContain('nothing was registered');
    expect(parseLines((await schema('list', '--json')).stdout)).toHaveLength(1);
  });

  it('push refuses to go back to an earlier version, which would not be enforced', async () => {
    await register('order.placed', first);
    await schema('compatibility', 'order.placed', 'NONE');
    await register('order.placed', wider);
    await pull('a');
    await fileOf('a/order.placed.json', first);
    const refused = await push('a');
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stdout).toContain('known order.placed');
  });

  it('push refuses where somebody else has registered, and pull keeps the change', async () => {
    await register('order.placed', first);
    await pull('a');
    await register('order.placed', wider);
    await fileOf('a/order.placed.json', widest);
    const refused = await push('a');
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('moved order.placed');
    expect(refused.stderr).toContain('`allsource schema pull`');
    const conflict = await pull('a');
    expect(conflict.code).toBe(1);
    expect(conflict.stdout).toContain('conflict order.placed');
    expect(await readJson('a/order.placed.json')).toEqual(widest);
    // It is not forgotten by having been told once.
    expect((await push('a')).code).toBe(1);
    expect((await pull('a', '--force')).stdout).toBe('updated order.placed (version 2)\n');
    expect(await readJson('a/order.placed.json')).toEqual(wider);
    await fileOf('a/order.placed.json', widest);
    expect((await push('a')).stdout).toBe('registered order.placed (version 3)\n');
  });

  it('pull keeps what was changed or made here only', async () => {
    await register('order.placed', first);
    await pull('a');
    await fileOf('a/order.placed.json', wider);
    await fileOf('a/order.paid.json', first);
    const kept = await pull('a');
    expect(kept).toMatchObject({ code: 0, stderr: '' });
    expect(kept.stdout).toMatch(/^new order\.paid .*\nkept order\.placed /);
    expect(await readJson('a/order.placed.json')).toEqual(wider);
  });

  it('refuse the store of another lock file, and change nothing', async () => {
    await register('order.placed', first);
    await register('order.*', first);
    await pull('a');
    const names = await readdir(join(home, 'a'));
    shop = join(home, 'empty');
    await register('order.paid', first);
    await schema('delete', 'order.paid');
    for (const [command, told] of [
      [pull, '--force'],
      [push, 'delete it'],
    ] as const) {
      const refused = await command('a');
      expect(refused, command.name).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toContain('schemas.lock.json: the store is not the one of this file');
      expect(refused.stderr).toContain('none of its 2 schemas');
      expect(refused.stderr).toContain(told);
    }
    expect((await schema('list')).stdout).toBe('');
    expect(await readdir(join(home, 'a'))).toEqual(names);
    // The same subject, and even the same schema, under another id.
    await register('order.placed', first);
    for (const command of [pull, push]) {
      const refused = await command('a');
      expect(refused, command.name).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toContain('version 1 of order.placed has another id');
    }
    await register('order.placed', wider);
    expect((await pull('a')).stderr).toContain('version 1 of order.placed has another id');
    expect(await readdir(join(home, 'a'))).toEqual(names);
    expect(await readJson('a/order.placed.json')).toEqual(first);
    expect(await pull('a', '--force')).toMatchObject({
      ...{ code: 0, stdout: 'removed order.*\nupdated order.placed (version 2)\n' },
    });
    expect(await pull('a')).toMatchObject({ code: 0, stdout: '' });
    expect(await push('a')).toMatchObject({ code: 0, stdout: '' });
  });

  it('know their store by one version that is left', async () => {
    await register('order.placed', first);
    await register('order.*', first);
    await register('order.placed', wider);
    await pull('a');
    await schema('delete', 'order.placed', '--version', '2');
    expect((await pull('a')).stdout).toBe('updated order.placed (version 1)\n');
    await register('order.placed', widest);
    await schema('delete', 'order.*');
    expect((await pull('a')).stdout).toBe('removed order.*\nupdated order.placed (version 3)\n');
  });

  it('names no file as the lock or a device, and takes a lock of its tenant only', async () => {
    await register('schemas.lock', first);
    await register('con.opened', first);
    await pull('a');
    expect((await readdir(join(home, 'a'))).sort()).toEqual([
      ...['+con.opened.json', '+schemas.lock.json', 'schemas.lock.json'],
    ]);
    expect(await push('a')).toMatchObject({ code: 0, stdout: '' });
    const other = await push('a', '--tenant', 'acme');
    expect(other.code).toBe(1);
    expect(other.stderr).toContain('it is of tenant default, not of acme');
    await fileOf('a/schemas.lock.json', '{}');
    expect((await pull('a')).stderr).toContain('expected a lock file with');
  });
});

describe('allsource schema on a server', () => {
  it('registers, lists, checks, pulls and pushes', async () => {
    const { url } = await serve(['--data-dir', join(home, 'served')]);
    const remote = (...args: string[]) => allsource('schema', ...args, '--url', url);
    const dir = ['--dir', join(home, 'a')];
    const file = await fileOf('first.json', first);
    const flags = ['--description', 'orders', '--tag', 'shop'];
    const registered = await remote('register', 'order.placed', file, ...flags);
    expect(registered).toMatchObject({ code: 0, stderr: '' });
    expect((await remote('list')).stdout).toMatch(/^order\.placed +1 +BACKWARD +enforce/m);
    expect((await remote('check', 'order.placed', await fileOf('x.json', breaking))).code).toBe(1);
    expect((await remote('pull', ...dir)).stdout).toBe('added order.placed (version 1)\n');
    await fileOf('a/order.placed.json', wider);
    expect((await remote('push', ...dir)).stdout).toBe('registered order.placed (version 2)\n');
    expect(parseLines((await remote('show', 'order.placed', '--json')).stdout)).toMatchObject([
      { version: 2, schema: wider, description: 'orders', tags: ['shop'] },
    ]);
    expect((await remote('register', 'order.placed', file)).stderr).toBe(
      'this is version 1; version 2 stays the one that is enforced\n',
    );
    await remote('delete', 'order.placed');
    const refused = await remote('pull', ...dir);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(await readJson('a/order.placed.json')).toEqual(wider);
  });

  it('validates payloads, and tells versions and types', async () => {
    const { url } = await serve(['--data-dir', join(home, 'served')]);
    const remote = (...args: string[]) => allsource('schema', ...args, '--url', url);
    for (const [name, value] of [
      ['first.json', first],
      ['wider.json', wider],
    ] as const) {
      const added = await remote('register', 'order.placed', await fileOf(name, value), '--json');
      expect(parseLines(added.stdout)).toMatchObject([{ schema: value, is_new: true }]);
    }
    expect((await remote('versions', 'order.placed')).stdout).toBe('1\n2\n');
    const lines = await fileOf('p.ndjson', '{"total":null}\n{"total":1}\n');
    const valid = await remote('validate', 'order.placed', lines);
    expect(valid).toMatchObject({ code: 0, stdout: '' });
    expect(valid.stderr).toContain('2 checked against version 2 of order.placed, all valid');
    const older = await remote('validate', 'order.placed', lines, '--version', '1');
    expect(older.code).toBe(1);
    expect(older.stdout).toMatch(/^line 1: \/total: type: expected a number/m);
    const out = join(home, 'events.d.ts');
    expect((await remote('types', '--out', out)).code).toBe(0);
    expect(await readFile(out, 'utf8')).toContain('export type OrderPlaced = {');
    expect((await remote('types', '--out', out, '--check')).code).toBe(0);
    await remote('register', 'order.late', await fileOf('first.json', first));
    expect((await remote('types', '--out', out, '--check')).code).toBe(1);
    const missing = await remote('versions', 'order.lost');
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toContain('order.lost');
  });

  it('sets compatibility and enforcement, which the server keeps to', async () => {
    const { url } = await serve(['--data-dir', join(home, 'served')]);
    const remote = (...args: string[]) => allsource('schema', ...args, '--url', url);
    const event = await fileOf(
      'event.ndjson',
      '{"event_type":"order.placed","entity_id":"o-1","payload":{}}\n',
    );
    const ingest = () => allsource('ingest', event, '--url', url);
    await remote('register', 'order.placed', await fileOf('first.json', first));
    expect((await remote('compatibility', 'order.placed')).stdout).toBe('BACKWARD\n');
    const strict = await fileOf('breaking.json', breaking);
    expect((await remote('register', 'order.placed', strict)).code).toBe(1);
    const set = await remote('compatibility', 'order.placed', 'none', '--json');
    expect(parseLines(set.stdout)).toEqual([{ subject: 'order.placed', compatibility: 'NONE' }]);
    expect((await remote('register', 'order.placed', strict)).code).toBe(0);
    expect((await remote('enforcement', 'order.placed')).stdout).toBe('enforce\n');
    expect((await ingest()).code).toBe(1);
    expect((await remote('enforcement', 'order.placed', 'warn')).stdout).toBe('warn\n');
    expect((await ingest()).code).toBe(0);
    const list = parseLines((await remote('list', '--json')).stdout);
    expect(list).toMatchObject([{ violations: { refused: 1, warned: 1 } }]);
  });
});

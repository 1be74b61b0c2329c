import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { collect, makeDirectory, parseLines, run, start, stop, waitFor } from './commandLine.js';

const password = 'correct horse battery';

/** A server that asks everybody who they are. */
async function secured(dataDir: string, env: Readonly<Record<string, string>> = {}) {
  const args = ['serve', '--port', '0', '--auth', 'on', '--data-dir', dataDir];
  const child = start(args, { env });
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const listening = /listens on (http:\/\/127\.0\.0\.1:\d+)/;
  const url = await waitFor(() => listening.exec(stderr.join(''))?.[1], child);
  return { child, url, log: () => stdout.join(''), notes: () => stderr.join('') };
}

describe('a server that asks who is there', () => {
  let server: Awaited<ReturnType<typeof secured>>;
  let token = '';
  const as = (credential: string, args: readonly string[], input = '') =>
    run([...args, '--url', server.url], { env: { ALLSOURCE_TOKEN: credential }, input });

  beforeAll(async () => {
    const dataDir = join(await makeDirectory(), 'data');
    server = await secured(dataDir, { ALLSOURCE_ADMIN_PASSWORD: password });
    const done = await as('', ['login', 'admin'], `${password}\n`);
    expect(done.stderr).toMatch(/^admin is admin of the tenant default until /);
    token = done.stdout.trim();
  });

  it('says how to log in, and never a password', () => {
    expect(server.notes()).toContain('export ALLSOURCE_TOKEN=$(allsource login admin --url');
    expect(server.notes() + server.log()).not.toContain(password);
  });

  it('refuses who is nobody, and says what to do', async () => {
    const { code, stderr } = await as('', ['stats']);
    expect(code).toBe(1);
    expect(stderr).toContain('put a token or an API key into ALLSOURCE_TOKEN');
    const wrong = await as('', ['login', 'admin'], 'not the password\n');
    expect(wrong).toEqual({
      code: 1,
      stdout: '',
      stderr: 'allsource: the username or the password is wrong\n',
    });
  });

  it('has tenants, users and keys, each of which does what it may', async () => {
    const made = await as(token, ['tenant', 'create', 'acme', '--preset', 'free', '--json']);
    expect(parseLines(made.stdout)).toMatchObject([{ id: 'acme', quotas: { max_api_keys: 2 } }]);
    await as(token, ['tenant', 'quotas', 'acme', '--max-api-keys', '5']);
    expect((await as(token, ['tenant', 'show', 'acme'])).stdout).toMatch(/max api keys +5\n/);
    expect((await as(token, ['tenant', 'list'])).stdout).toMatch(/\nacme .*\ndefault /);

    const ada = ['user', 'create', 'ada', '--role', 'developer', '--tenant', 'acme'];
    expect(await as(token, ada, 'twelve characters\n')).toMatchObject({
      code: 0,
      stderr: 'ada is developer of the tenant acme\n',
    });
    const login = await as('', ['login', 'ada'], 'twelve characters\n');
    const key = await as(login.stdout.trim(), ['key', 'create', 'ci']);
    expect(key.stdout).toMatch(/^ask_[\w-]{43}\n$/);
    expect((await as(key.stdout.trim(), ['stats'])).code).toBe(0);
    const refused = await as(key.stdout.trim(), ['tenant', 'list']);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('expected the permission "tenants"'),
    ]);
    const foreign = await as(key.stdout.trim(), ['stats', '--tenant', 'default']);
    expect(foreign.stderr).toContain('tenant_id: expected "acme", that of the caller');
    const list = await as(token, ['key', 'list', '--tenant', 'acme', '--json']);
    expect(parseLines(list.stdout)).toMatchObject([{ total: 1, api_keys: [{ name: 'ci' }] }]);

    const ofAcme = ['ada', '--tenant', 'acme'];
    expect((await as(token, ['user', 'disable', ...ofAcme])).stderr).toContain('cannot log in');
    expect((await as('', ['login', 'ada'], 'twelve characters\n')).code).toBe(1);
    await as(token, ['user', 'enable', ...ofAcme]);
    const changed = await as(token, ['user', 'password', ...ofAcme], 'another password\n');
    expect(changed.code).toBe(0);
    expect((await as('', ['login', 'ada'], 'another password\n')).code).toBe(0);
    expect((await as(token, ['user', 'delete', ...ofAcme])).stderr).toBe('deleted ada\n');
    expect((await as(token, ['user', 'delete', ...ofAcme])).stderr).toContain('no user ada');
    expect((await as(token, ['tenant', 'deactivate', 'acme'])).stderr).toContain('is inactive');
    expect((await as(key.stdout.trim(), ['stats'])).stderr).toContain('is inactive');
  });
});

it('makes a password where none was given, tells it once, and keeps its secret', async () => {
  const dataDir = join(await makeDirectory(), 'data');
  const first = await secured(dataDir);
  const told = /with the password (\S+)\n/.exec(first.notes())?.[1] ?? '';
  expect(told).toMatch(/^[\w-]{24}$/);
  expect(first.log()).not.toContain(told);
  const { mode } = await stat(join(dataDir, 'jwt-secret'));
  expect((mode & 0o777).toString(8)).toBe('600');
  const login = ['login', 'admin', '--url', first.url];
  const token = (await run(login, { input: `${told}\n` })).stdout.trim();
  await stop(first.child, 'SIGTERM');
  const second = await secured(dataDir);
  expect(second.notes()).not.toContain('password');
  const env = { ALLSOURCE_TOKEN: token };
  expect((await run(['stats', '--url', second.url], { env })).code).toBe(0);
});

it('works on the directory of a store that no server has open', async () => {
  const dataDir = join(await makeDirectory(), 'data');
  const none = await run(['user', 'list', '--data-dir', dataDir]);
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('found no directory')]);
  const server = await secured(dataDir, { ALLSOURCE_ADMIN_PASSWORD: password });
  await stop(server.child, 'SIGTERM');
  const place = ['--data-dir', dataDir];
  const key = await run(['key', 'create', 'rescue', '--role', 'admin', ...place]);
  expect(key.stdout).toMatch(/^ask_/);
  const users = await run(['user', 'list', '--json', ...place]);
  expect(parseLines(users.stdout)).toMatchObject([{ users: [{ username: 'admin' }] }]);
  expect(users.stdout).not.toMatch(/argon2/);
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { settingNames, settingsTable, type Setting } from '../../src/config/index.js';
import { makeDirectory, parseLines, run } from './commandLine.js';

const readers = ['query', 'tail', 'state', 'stats', 'consumer', 'webhook'];
const commands = ['serve', 'ingest', ...readers, 'verify', 'config'];

describe('a bad command line', () => {
  it.each([
    [[], /Usage: allsource/],
    [['frobnicate'], /unknown command 'frobnicate'/],
    [['querry'], /Did you mean query\?/],
    [['query', '--limmit', '1'], /unknown option '--limmit'/],
    [['query', '--limit', '0'], /Expected a whole number from 1/],
    [['query', '--limit', '5', '--all'], /cannot be used with option/],
    [['query', '--since', 'yesterday'], /Expected an RFC 3339 time/],
    [['query', '--order', 'up'], /Allowed choices are asc, desc/],
    [['query', '--url', 'localhost'], /Expected a URL such as/],
    [['query', '--url', 'ftp://host'], /Expected a URL such as/],
    [['query', '--url', 'http://h', '--data-dir', 'd'], /expected --url or --data-dir, got both/],
    [['query', 'extra'], /too many arguments/],
    [['tail', '--from', '-1'], /Expected a position from 1, beginning, or now/],
    [['state'], /missing required argument 'entity'/],
    [['ingest'], /missing required argument 'file'/],
    [['ingest', 'f', '--skip-lines', 'x'], /Expected a whole number/],
    [['verify', '--repair', 'delete'], /Allowed choices are truncate/],
    [['config'], /Usage: allsource config/],
    [['consumer'], /Usage: allsource consumer/],
    [['consumer', 'create'], /missing required argument 'name'/],
    [['consumer', 'create', 'c', '--from', 'never'], /Expected beginning, now, a position/],
    [['consumer', 'seek', 'c', '0'], /Expected beginning, now, a position/],
    [['consumer', 'replay', 'c', '1', 'x'], /Expected a whole number from 1/],
    [['consumer', 'list', '--data-dir', 'd'], /unknown option '--data-dir'/],
    [['webhook'], /Usage: allsource webhook/],
    [['webhook', 'create', 'w'], /missing required argument 'receiver'/],
    [['webhook', 'deliveries', 'w', '--limit', '1001'], /Expected a whole number from 1 to 1000/],
    [['serve', '--port', 'many'], /--port: expected a whole number/],
    [['serve', '--host', '0.0.0.0', '--auth', 'off'], /--insecure-no-auth/],
    [['user', 'create'], /missing required argument 'username'/],
    [['key', 'create', 'k', '--expires-at', 'soon'], /Expected an RFC 3339 time/],
    [['tenant', 'quotas', 't', '--max-api-keys', '-1'], /Expected a whole number from 0/],
  ])('%j ends with 2 and one sentence', async (args, sentence) => {
    const { code, stdout, stderr } = await run(args, { cwd: await makeDirectory() });
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

describe('help', () => {
  it('lists every command', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe(0);
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^ +${command}\\b`, 'm'));
  });

  it('of serve lists every setting with its variable', async () => {
    const { stdout } = await run(['serve', '--help']);
    for (const name of settingNames) {
      const { flag, env }: Setting<unknown> = settingsTable[name];
      // A secret has none.
      if (flag === undefined) continue;
      expect(stdout).toContain(flag);
      expect(stdout.replace(/\s+/g, ' ')).toContain(env[0]);
    }
  });

  it('prints the version', async () => {
    const { code, stdout } = await run(['--version']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('config', () => {
  it('show prints each setting with its origin', async () => {
    const cwd = await makeDirectory();
    await writeFile(join(cwd, 'allsource.toml'), '[logging]\nlevel = "warn"\n');
    const options = { cwd, env: { ALLSOURCE_DATA_DIR: '/x' } };
    const { code, stdout } = await run(['config', 'show', '--port', '1', '--memory'], options);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^server\.port +1 +--port$/m);
    expect(stdout).toMatch(/^storage\.data_dir +\/x +ALLSOURCE_DATA_DIR$/m);
    expect(stdout).toMatch(/^storage\.memory +true +--memory$/m);
    expect(stdout).toMatch(/^logging\.level +warn +allsource\.toml$/m);
    expect(stdout).toMatch(/^server\.batch_body_bytes_max +64 MiB +default$/m);
  });

  it('show --json is one document', async () => {
    const cwd = await makeDirectory();
    const { stdout } = await run(['config', 'show', '--json', '--port=7'], { cwd });
    const [document] = parseLines(stdout);
    expect(document).toMatchObject({
      file: null,
      settings: { 'server.port': { value: 7, from: '--port', kind: 'flag' } },
    });
  });

  it('show --markdown prints the reference', async () => {
    const { stdout } = await run(['config', 'show', '--markdown']);
    expect(stdout.split('\n').filter((line) => line.startsWith('|'))).toHaveLength(
      settingNames.length + 2,
    );
  });

  it('check says that all is good, or ends with 2', async () => {
    const cwd = await makeDirectory();
    expect((await run(['config', 'check'], { cwd })).stdout).toContain('all settings are good');
    await writeFile(join(cwd, 'allsource.toml'), '[server]\nprot = 1\n');
    const { code, stderr, stdout } = await run(['config', 'check'], { cwd });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe(
      'allsource: allsource.toml: server.prot: there is no such setting; the nearest one is ' +
        'server.port\n',
    );
  });
});

describe('ALLSOURCE_DEBUG', () => {
  it('adds the stack to a failure', async () => {
    const { stderr } = await run(['stats', '--data-dir', '/nowhere/at/all'], {
      env: { ALLSOURCE_DEBUG: '1' },
    });
    expect(stderr).toMatch(/\n\s+at /);
  });
});

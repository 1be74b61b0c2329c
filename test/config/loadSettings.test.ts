import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  describeSettings,
  loadSettings,
  settingNames,
  settingsTable,
  showValue,
  type LoadOptions,
  type Setting,
  type SettingName,
} from '../../src/config/index.js';
import { AllSourceError } from '../../src/domain/index.js';

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'allsource-config-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function load(options: LoadOptions = {}) {
  return loadSettings({ env: {}, directory, ...options });
}

function writeFile(text: string, name = 'allsource.toml'): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

function messageOf(options: LoadOptions): string {
  try {
    load(options);
  } catch (error) {
    expect(error).toBeInstanceOf(AllSourceError);
    expect(error).toHaveProperty('code', 'invalid_configuration');
    return error instanceof Error ? error.message : '';
  }
  throw new Error('expected loadSettings to throw');
}

describe('bad settings', () => {
  it('names the flag, what was expected and what came', () => {
    expect(messageOf({ flags: { port: '70000' } })).toBe(
      '--port: expected a whole number from 0 to 65535 (0 = any free port), got "70000"',
    );
  });

  it('names where a size came from that is below another one', () => {
    const env = { ALLSOURCE_COMPACTION_TARGET_FILE_SIZE: '512 MiB' };
    expect(messageOf({ env })).toBe(
      'ALLSOURCE_COMPACTION_TARGET_FILE_SIZE: compaction.max_file_size: expected at least ' +
        'compaction.target_file_size, 536870912, got 268435456',
    );
    expect(messageOf({ flags: { compactionMaxFileBytes: '1 MiB' } })).toMatch(
      /^--compaction-max-file-size: compaction\.max_file_size: /,
    );
  });

  it('names the variable', () => {
    expect(messageOf({ env: { ALLSOURCE_DURABILITY: 'fast' } })).toBe(
      'ALLSOURCE_DURABILITY: expected one of sync, async, got "fast"',
    );
  });

  it('names the file and the key', () => {
    const path = writeFile('[server]\nport = "3900"\n');
    expect(messageOf({})).toBe(
      `${path}: server.port: expected a whole number from 0 to 65535 (0 = any free port), ` +
        'got "3900"',
    );
  });

  it.each([
    ['[server]\nprot = 1\n', 'server.prot', 'server.port'],
    ['[sever]\nport = 1\n', 'sever.port', 'server.port'],
    ['port = 1\n', 'port', 'server.port'],
    ['[storage]\nport = 1\n', 'storage.port', 'server.port'],
    ['[storge]\n', 'storge', 'storage.memory'],
    ['[[server]]\nport = 1\n', 'server', 'server.host'],
  ])('refuses the unknown key in %j and names the nearest', (text, key, nearest) => {
    const path = writeFile(text);
    const message = messageOf({});
    expect(message.startsWith(`${path}: ${key}: there is no such setting`)).toBe(true);
    expect(message).toContain(nearest.split('.')[0]);
  });

  it('refuses an unknown variable and names the nearest', () => {
    expect(messageOf({ env: { ALLSOURCE_DATADIR: '/tmp/x' } })).toBe(
      'ALLSOURCE_DATADIR: there is no such setting; the nearest one is ALLSOURCE_DATA_DIR',
    );
  });

  it('names line and column of a file that is not TOML', () => {
    const path = writeFile('[server]\nport = = 1\n');
    expect(messageOf({})).toMatch(new RegExp(`^${path}: line 2, column \\d+: .+`));
    expect(messageOf({})).not.toContain('\n');
  });

  it('refuses a named file that is not there', () => {
    expect(messageOf({ file: join(directory, 'none.toml') })).toContain('there is no such file');
  });

  it('refuses a directory as a file', () => {
    expect(messageOf({ file: directory })).toContain('EISDIR');
  });

  it('explains the variable that Kubernetes makes of a Service', () => {
    expect(messageOf({ env: { ALLSOURCE_PORT: 'tcp://10.0.0.1:3900' } })).toContain(
      'enableServiceLinks: false',
    );
  });

  it('refuses an open address while nobody has to log in', () => {
    const open = { host: '0.0.0.0', authMode: 'off' };
    expect(messageOf({ flags: open })).toContain('--insecure-no-auth');
    for (const flags of [{ ...open, insecureNoAuth: 'true' }, { host: '0.0.0.0' }]) {
      expect(load({ flags }).settings.host).toBe('0.0.0.0');
    }
  });

  it('never shows a secret', () => {
    const secret = 'much too short';
    for (const variable of ['ALLSOURCE_JWT_SECRET', 'ALLSOURCE_JWT_SECRET_FILE']) {
      const file = writeFile(`${secret}\n`, 'secret');
      const message = messageOf({ env: { [variable]: variable.endsWith('FILE') ? file : secret } });
      expect(message).toMatch(new RegExp(`^${variable}: expected at least 32 bytes`));
      expect(message).not.toContain(secret);
    }
    expect(messageOf({ env: { ALLSOURCE_JWT_SECRET_FILE: join(directory, 'none') } })).toMatch(
      /^ALLSOURCE_JWT_SECRET_FILE: .*none cannot be read$/,
    );
    const path = writeFile(`[auth]\njwt_secret = "${secret}"\n`);
    expect(messageOf({})).toBe(
      `${path}: auth.jwt_secret: expected at least 32 bytes of text, or empty (one is made and ` +
        'kept in the data directory), got something else, which is not shown',
    );
  });

  it('refuses both to ask who somebody is and to ask nobody', () => {
    const flags = { host: '0.0.0.0', authMode: 'on', insecureNoAuth: 'true' };
    expect(messageOf({ flags })).toBe(
      'auth.insecure_no_auth: expected false where auth.mode is on',
    );
  });

  it('refuses a first password that is shorter than others may be', () => {
    const env = {
      ALLSOURCE_ADMIN_PASSWORD: 'twelve chars',
      ALLSOURCE_PASSWORD_CHARACTERS_MIN: '20',
    };
    expect(messageOf({ env })).toBe(
      'ALLSOURCE_ADMIN_PASSWORD: auth.admin_password: expected at least ' +
        'auth.password_characters_min, 20 characters, got 12',
    );
  });

  it('refuses half of an issuer', () => {
    expect(messageOf({ flags: { issuer: 'https://login.example.com' } })).toBe(
      'auth.jwks_url: expected it beside auth.issuer',
    );
    expect(messageOf({ flags: { jwksUrl: 'https://login.example.com/keys' } })).toBe(
      'auth.issuer: expected it beside auth.jwks_url',
    );
  });

  it('never shows more than 64 characters of a value', () => {
    const message = messageOf({ flags: { logLevel: 'x'.repeat(10_000) } });
    expect(message.length).toBeLessThan(200);
  });

  it.each<[SettingName, string]>([
    ['port', '-1'],
    ['port', '1e3'],
    ['port', ' 1'],
    ['memory', 'yes'],
    ['host', 'a\nb'],
    ['batchBodyBytesMax', '65 MiB'],
    ['batchBodyBytesMax', '1 MB'],
    ['segmentBytesMax', '1000'],
    ['requestTimeoutMs', '0'],
    ['connectionsMax', '0'],
    ['dataDir', 'x'.repeat(5000)],
  ])('refuses %s = %j', (name, text) => {
    expect(messageOf({ flags: { [name]: text } })).toContain(settingsTable[name].flag);
  });
});

describe('priority', () => {
  it('takes the default where nothing is given', () => {
    const { settings, sources, file } = load();
    for (const name of settingNames) {
      expect(settings[name]).toBe(settingsTable[name].default);
      expect(sources[name].kind).toBe('default');
    }
    expect(file).toBeNull();
  });

  it('puts flag over environment over file over default', () => {
    const path = writeFile(
      '[server]\nport = 1\n[storage]\ndata_dir = "f"\n[logging]\nlevel = "warn"\n',
    );
    const { settings, sources } = load({
      flags: { port: '3' },
      env: { ALLSOURCE_PORT: '2', ALLSOURCE_DATA_DIR: 'e' },
    });
    expect(settings).toMatchObject({ port: 3, dataDir: 'e', logLevel: 'warn', durability: 'sync' });
    expect(sources.port).toEqual({ kind: 'flag', name: '--port' });
    expect(sources.dataDir).toEqual({ kind: 'environment', name: 'ALLSOURCE_DATA_DIR' });
    expect(sources.logLevel).toEqual({ kind: 'file', name: path });
    expect(sources.durability).toEqual({ kind: 'default', name: '' });
  });

  it('honours PORT below ALLSOURCE_PORT', () => {
    expect(load({ env: { PORT: '8080' } }).settings.port).toBe(8080);
    expect(load({ env: { PORT: '8080', ALLSOURCE_PORT: '9' } }).settings.port).toBe(9);
  });

  it('takes an empty variable as not set', () => {
    expect(load({ env: { ALLSOURCE_PORT: '', PORT: '' } }).settings.port).toBe(3900);
  });

  it('reads the file that ALLSOURCE_CONFIG names, and the one of the flag before it', () => {
    const first = writeFile('[server]\nport = 1\n', 'first.toml');
    const second = writeFile('[server]\nport = 2\n', 'second.toml');
    expect(load({ env: { ALLSOURCE_CONFIG: first } }).settings.port).toBe(1);
    expect(load({ env: { ALLSOURCE_CONFIG: first }, file: second }).file).toBe(second);
  });

  it('lets a flag turn off what the file turns on', () => {
    writeFile('[storage]\nmemory = true\n');
    expect(load().settings.memory).toBe(true);
    expect(load({ flags: { memory: 'false' } }).settings.memory).toBe(false);
  });

  it('reads bytes with and without a unit', () => {
    writeFile('[storage]\nsegment_bytes_max = "8 MiB"\nqueue_bytes_max = 1048576\n');
    const { settings } = load({ env: { ALLSOURCE_BATCH_BODY_BYTES_MAX: '2MiB' } });
    expect(settings.segmentBytesMax).toBe(8 * 1024 * 1024);
    expect(settings.queueBytesMax).toBe(1024 * 1024);
    expect(settings.batchBodyBytesMax).toBe(2 * 1024 * 1024);
  });

  it('passes over variables that Kubernetes makes for a Service', () => {
    const env = { ALLSOURCE_SERVICE_HOST: '10.0.0.1', ALLSOURCE_PORT_3900_TCP_ADDR: '10.0.0.1' };
    expect(load({ env }).settings.port).toBe(3900);
  });
});

describe('a secret', () => {
  it('is read from a variable, or from the file that another one names', () => {
    const secret = 'a secret of at least thirty-two bytes';
    const file = writeFile(`${secret}\n`, 'secret');
    const { settings } = load({ env: { ALLSOURCE_JWT_SECRET: secret } });
    expect(settings.jwtSecret).toBe(secret);
    const loaded = load({ env: { ALLSOURCE_JWT_SECRET_FILE: file } });
    expect(loaded.settings.jwtSecret).toBe(secret);
    expect(loaded.sources.jwtSecret).toEqual({
      kind: 'environment',
      name: 'ALLSOURCE_JWT_SECRET_FILE',
    });
  });

  it('is shown nowhere, and has no flag', () => {
    const row: Setting<unknown> = settingsTable.jwtSecret;
    expect(row.flag).toBeUndefined();
    expect(showValue(row, 'a secret')).toBe('(set)');
  });
});

describe('the table', () => {
  it('gives every setting its own key, flag and variables', () => {
    const rows = settingNames.map((name) => settingsTable[name]);
    for (const names of [
      rows.map(({ key }) => key),
      rows.flatMap((row: Setting<unknown>) => row.flag ?? []),
      rows.flatMap((row): readonly string[] => row.env),
    ]) {
      expect(new Set<string>(names).size).toBe(names.length);
    }
  });

  it('describes every setting in the reference', () => {
    const reference = describeSettings();
    for (const name of settingNames) {
      const { key, flag, env, doc }: Setting<unknown> = settingsTable[name];
      const shown = [key, ...(flag === undefined ? [] : [flag])].map((text) => `\`${text}\``);
      for (const part of [...shown, ...env, doc]) {
        expect(reference).toContain(part);
      }
    }
  });
});

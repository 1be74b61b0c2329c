import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AllSourceError } from '../domain/index.js';
import { variablesOf } from './describeSettings.js';
import { findNearest } from './nearest.js';
import {
  settingNames,
  settingsTable,
  type Setting,
  type SettingName,
  type Settings,
} from './settings/index.js';
import { readSettingsFile, type FileValues } from './settingsFile.js';

const defaultFileName = 'allsource.toml';

/** Variables with our prefix that are not settings. */
const otherVariables = [
  'ALLSOURCE_CONFIG',
  'ALLSOURCE_DEBUG',
  'ALLSOURCE_TOKEN',
  'ALLSOURCE_TOKEN_FILE',
];

/**
 * Variables that Kubernetes makes for a Service named `allsource`; nobody typed them, so they are
 * not refused as typing errors.
 */
const serviceVariable = /^ALLSOURCE_(SERVICE_(HOST|PORT(_.*)?)|PORT_\d+_(TCP|UDP|SCTP)(_.*)?)$/;

export interface LoadOptions {
  /** Texts of the flags that were given. */
  readonly flags?: Readonly<Partial<Record<SettingName, string>>> | undefined;
  /** Default: the environment of the process. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** A settings file that must exist; default `ALLSOURCE_CONFIG`, else `allsource.toml` if any. */
  readonly file?: string | undefined;
  /** Where `allsource.toml` is looked for; default: the working directory of the process. */
  readonly directory?: string | undefined;
}

/** Where a value came from; `name` is the flag, variable or file, and empty for a default. */
export interface SettingSource {
  readonly kind: 'flag' | 'environment' | 'file' | 'default';
  readonly name: string;
}

export interface LoadedSettings {
  readonly settings: Settings;
  readonly sources: Readonly<Record<SettingName, SettingSource>>;
  /** The settings file that was read, or null. */
  readonly file: string | null;
}

/**
 * The settings in force: flag over environment over file over default. Throws
 * `invalid_configuration` naming the flag, variable or file and key, what was expected and what
 * came; the first fault found is reported.
 */
export function loadSettings(options: LoadOptions = {}): LoadedSettings {
  const env = options.env ?? process.env;
  refuseUnknownVariables(env);
  const file = findFile(options, env);
  const fileValues = file === null ? {} : readSettingsFile(file);
  const values: Partial<Record<SettingName, unknown>> = {};
  const sources: Partial<Record<SettingName, SettingSource>> = {};
  for (const name of settingNames) {
    const found = resolve(name, { flags: options.flags ?? {}, env, file, fileValues });
    values[name] = found.value;
    sources[name] = found.source;
  }
  // The loop has filled every name with a value that the row's own type has checked.
  const loaded = {
    settings: values as Settings,
    sources: sources as LoadedSettings['sources'],
    file,
  };
  refuseOpenDoor(loaded);
  refuseSmallMaximum(loaded);
  refuseHalfIssuer(loaded);
  refuseShortPassword(loaded);
  return loaded;
}

interface Inputs {
  readonly flags: Readonly<Partial<Record<SettingName, string>>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file: string | null;
  readonly fileValues: FileValues;
}

function resolve(name: SettingName, inputs: Inputs): { value: unknown; source: SettingSource } {
  const row: Setting<unknown> = settingsTable[name];
  const flagText = inputs.flags[name];
  if (flagText !== undefined && row.flag !== undefined) {
    const value = checked(row, row.type.fromText(flagText), { where: row.flag, came: flagText });
    return { value, source: { kind: 'flag', name: row.flag } };
  }
  for (const variable of variablesOf(row)) {
    const given = inputs.env[variable];
    // `ALLSOURCE_PORT=` in a compose file means "not set".
    if (given === undefined || given === '') continue;
    const text = row.env.includes(variable) ? given : readSecret(variable, given);
    const value = checked(row, row.type.fromText(text), { where: variable, came: text });
    return { value, source: { kind: 'environment', name: variable } };
  }
  if (inputs.file !== null && Object.hasOwn(inputs.fileValues, name)) {
    const came = inputs.fileValues[name];
    const where = `${inputs.file}: ${row.key}`;
    const value = checked(row, row.type.fromToml(came), { where, came });
    return { value, source: { kind: 'file', name: inputs.file } };
  }
  return { value: row.default, source: { kind: 'default', name: '' } };
}

function checked(
  row: Setting<unknown>,
  value: unknown,
  input: { where: string; came: unknown },
): unknown {
  if (value !== undefined) return value;
  const shown = JSON.stringify(input.came) ?? 'nothing';
  const cut = shown.length > 64 ? `${shown.slice(0, 64)}…` : shown;
  const came = row.isSecret === true ? 'something else, which is not shown' : cut;
  const isServiceLink = typeof input.came === 'string' && input.came.startsWith('tcp://');
  const hint = isServiceLink
    ? '; Kubernetes sets this for a Service of that name: set enableServiceLinks: false in the pod'
    : '';
  const reason = `expected ${row.type.expected}`;
  throw new AllSourceError(
    'invalid_configuration',
    `${input.where}: ${reason}, got ${came}${hint}`,
    { details: [{ field: row.key, reason }] },
  );
}

/** The text of a file, without the end of its last line. */
function readSecret(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new AllSourceError('invalid_configuration', `${variable}: ${file} cannot be read`, {
      cause: error,
    });
  }
}

function refuseUnknownVariables(env: Readonly<Record<string, string | undefined>>): void {
  const known = [
    ...settingNames.flatMap((name) => variablesOf(settingsTable[name])),
    ...otherVariables,
  ];
  for (const [variable, text] of Object.entries(env)) {
    const isOurs = variable.startsWith('ALLSOURCE_') && text !== undefined && text !== '';
    if (!isOurs || known.includes(variable) || serviceVariable.test(variable)) continue;
    throw new AllSourceError(
      'invalid_configuration',
      `${variable}: there is no such setting; the nearest one is ${findNearest(variable, known)}`,
    );
  }
}

function findFile(
  options: LoadOptions,
  env: Readonly<Record<string, string | undefined>>,
): string | null {
  const named = options.file ?? env['ALLSOURCE_CONFIG'];
  if (named !== undefined && named !== '') return named;
  const usual = join(options.directory ?? '.', defaultFileName);
  return existsSync(usual) ? usual : null;
}

/** Where nobody has to log in, it does not listen to other machines unasked. */
function refuseOpenDoor({ settings, sources }: LoadedSettings): void {
  if (settings.authMode === 'on' && settings.insecureNoAuth) {
    const reason = 'expected false where auth.mode is on';
    throw new AllSourceError('invalid_configuration', `auth.insecure_no_auth: ${reason}`, {
      details: [{ field: 'auth.insecure_no_auth', reason }],
    });
  }
  if (settings.authMode !== 'off' || settings.insecureNoAuth) return;
  if (isLoopback(settings.host)) return;
  const { name } = sources.host;
  throw new AllSourceError(
    'invalid_configuration',
    `${name}: server.host: expected a loopback address such as 127.0.0.1, got ` +
      `${JSON.stringify(settings.host)}: other machines could read and write without logging in; ` +
      'leave auth.mode out, or give --insecure-no-auth if that is what you want',
    { details: [{ field: 'server.host', reason: 'not a loopback address, and auth is off' }] },
  );
}

function refuseSmallMaximum({ settings, sources }: LoadedSettings): void {
  const { compactionMaxFileBytes: max, compactionTargetFileBytes: target } = settings;
  if (max >= target) return;
  const { name } =
    sources.compactionMaxFileBytes.kind === 'default'
      ? sources.compactionTargetFileBytes
      : sources.compactionMaxFileBytes;
  const reason = `expected at least compaction.target_file_size, ${target}`;
  throw new AllSourceError(
    'invalid_configuration',
    `${name}: compaction.max_file_size: ${reason}, got ${max}`,
    { details: [{ field: 'compaction.max_file_size', reason }] },
  );
}

/** Another issuer has a name and keys. */
function refuseHalfIssuer({ settings: { issuer, jwksUrl } }: LoadedSettings): void {
  if ((issuer === '') === (jwksUrl === '')) return;
  const [missing, given] =
    issuer === '' ? ['auth.issuer', 'auth.jwks_url'] : ['auth.jwks_url', 'auth.issuer'];
  throw new AllSourceError('invalid_configuration', `${missing}: expected it beside ${given}`, {
    details: [{ field: missing, reason: `expected it beside ${given}` }],
  });
}

/** The first administrator has a password like those of others. */
function refuseShortPassword({ settings, sources }: LoadedSettings): void {
  const { adminPassword, passwordCharactersMin: min } = settings;
  const characters = [...adminPassword].length;
  if (adminPassword === '' || characters >= min) return;
  const reason = `expected at least auth.password_characters_min, ${min} characters, got ${characters}`;
  throw new AllSourceError(
    'invalid_configuration',
    `${sources.adminPassword.name}: auth.admin_password: ${reason}`,
    { details: [{ field: 'auth.admin_password', reason }] },
  );
}

/** Whether an address to listen on is one that only this machine reaches. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (name === 'localhost' || name.endsWith('.localhost') || name === '::1') return true;
  return /^127(\.\d{1,3}){3}$/.test(name);
}

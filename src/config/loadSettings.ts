import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AllSourceError } from '../domain/index.js';
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
const otherVariables = ['ALLSOURCE_CONFIG', 'ALLSOURCE_DEBUG'];

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
  if (flagText !== undefined) {
    const value = checked(row, row.type.fromText(flagText), { where: row.flag, came: flagText });
    return { value, source: { kind: 'flag', name: row.flag } };
  }
  for (const variable of row.env) {
    const text = inputs.env[variable];
    // `ALLSOURCE_PORT=` in a compose file means "not set".
    if (text === undefined || text === '') continue;
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
  const came = shown.length > 64 ? `${shown.slice(0, 64)}…` : shown;
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

function refuseUnknownVariables(env: Readonly<Record<string, string | undefined>>): void {
  const known = [...settingNames.flatMap((name) => settingsTable[name].env), ...otherVariables];
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

/** Nobody has to log in to this version, so it does not listen to other machines unasked. */
function refuseOpenDoor({ settings, sources }: LoadedSettings): void {
  if (settings.insecureNoAuth || isLoopback(settings.host)) return;
  const { name } = sources.host;
  throw new AllSourceError(
    'invalid_configuration',
    `${name}: server.host: expected a loopback address such as 127.0.0.1, got ` +
      `${JSON.stringify(settings.host)}: other machines could read and write without logging in; ` +
      'give --insecure-no-auth if that is what you want',
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

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

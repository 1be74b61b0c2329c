import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  describeFlag,
  settingNames,
  settingsTable,
  type LoadOptions,
  type Setting,
  type SettingName,
} from '../config/index.js';
import { parseTimestamp, type EventFilter } from '../domain/index.js';
import { defaultUrl, type TargetOptions } from './target/index.js';

export interface TargetFlags extends TargetOptions {
  readonly json?: true;
}

export interface FilterFlags {
  readonly tenant?: string;
  readonly entity?: string;
  readonly type?: string;
  readonly typePrefix?: string;
  readonly tag?: readonly string[];
}

export function addJsonFlag(command: Command): Command {
  return command.option('--json', 'machine-readable output, one JSON document a line');
}

export function addTargetFlags(command: Command): Command {
  addUrlFlag(command).option(
    '--data-dir <dir>',
    'work straight on the data directory of a store instead',
  );
  return addJsonFlag(command);
}

export function addUrlFlag(command: Command): Command {
  return command.option('--url <url>', `server to work on (default ${defaultUrl})`, serverUrl);
}

export function addFilterFlags(command: Command): Command {
  return command
    .option('--entity <id>', 'only events of this entity')
    .option('--type <type>', 'only events of this type')
    .option('--type-prefix <text>', 'only events whose type begins with this, such as order.')
    .option('--tag <text>', 'only events with this tag; may be given several times', collect)
    .option('--tenant <id>', 'tenant whose events are meant (default default)');
}

export function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

export function readFilter(flags: FilterFlags): EventFilter {
  return {
    tenantId: flags.tenant,
    entityId: flags.entity,
    eventType: flags.type,
    eventTypePrefix: flags.typePrefix,
    tags: flags.tag,
  };
}

/** One flag for each setting, and `--config`. */
export function addSettingFlags(command: Command): Command {
  command.option('--config <file>', 'settings file (default allsource.toml if there is one)');
  for (const name of settingNames) {
    const row: Setting<unknown> = settingsTable[name];
    if (row.flag === undefined) continue;
    const value = row.type.isSwitch ? `[${row.placeholder}]` : `<${row.placeholder}>`;
    command.addOption(new Option(`${row.flag} ${value}`, describeFlag(row)));
  }
  return command;
}

/** The flags of `addSettingFlags` as `loadSettings` takes them. */
export function readSettingFlags(command: Command): LoadOptions {
  const given = command.opts<Readonly<Record<string, string | true | undefined>>>();
  const flags: Partial<Record<SettingName, string>> = {};
  for (const name of settingNames) {
    const { flag }: Setting<unknown> = settingsTable[name];
    if (flag === undefined) continue;
    const value = given[new Option(flag).attributeName()];
    // A switch that stands alone is `true`.
    if (value !== undefined) flags[name] = String(value);
  }
  const { config } = given;
  return { flags, file: typeof config === 'string' ? config : undefined };
}

/** An argument parser for URLs of servers, which end without a slash. */
function serverUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new InvalidArgumentError(`Expected a URL such as ${defaultUrl}.`);
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** An argument parser for whole numbers; a bad one is a usage error. */
export function wholeNumberFrom(min: number, max = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    const upTo = max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`;
    throw new InvalidArgumentError(`Expected a whole number from ${min}${upTo}.`);
  };
}

/** An argument parser that collects positions. */
export function wholeNumbers(text: string, before: readonly number[] = []): readonly number[] {
  return [...before, wholeNumberFrom(1)(text)];
}

/** An argument parser that checks a time and keeps its text. */
export function rfc3339Time(text: string): string {
  try {
    parseTimestamp(text, 'time');
    return text;
  } catch {
    throw new InvalidArgumentError('Expected an RFC 3339 time such as 2026-01-31T09:30:00Z.');
  }
}

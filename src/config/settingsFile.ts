import { readFileSync, statSync } from 'node:fs';
import { parse, TomlError } from 'smol-toml';
import { AllSourceError } from '../domain/index.js';
import { findNearest } from './nearest.js';
import { settingNames, settingsTable, type SettingName } from './settings/index.js';

const fileBytesMax = 1024 * 1024;

/** The values that a settings file gives, by setting. */
export type FileValues = Partial<Record<SettingName, unknown>>;

/**
 * Reads a settings file; a part of the settings is enough. Throws `invalid_configuration` where the
 * file cannot be read, is not TOML, or holds a key that is no setting.
 */
export function readSettingsFile(path: string): FileValues {
  const document = parseToml(path, readText(path));
  const values: FileValues = {};
  for (const [section, table] of Object.entries(document)) {
    if (!isTable(table)) throw unknownKey(path, section);
    for (const [key, value] of Object.entries(table)) {
      const name = settingNames.find((each) => settingsTable[each].key === `${section}.${key}`);
      if (name === undefined) throw unknownKey(path, `${section}.${key}`);
      values[name] = value;
    }
    if (Object.keys(table).length === 0) checkSection(path, section);
  }
  return values;
}

function readText(path: string): string {
  try {
    const { size: bytes } = statSync(path);
    if (bytes > fileBytesMax) {
      throw invalid(`${path}: expected a settings file of at most 1 MiB, got ${bytes} bytes`);
    }
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof AllSourceError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    const reason = code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`;
    throw invalid(`${path}: ${reason}; name a readable TOML file, or leave --config out`, error);
  }
}

function parseToml(path: string, text: string): Readonly<Record<string, unknown>> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [reason = 'not TOML'] = error.message.replace('Invalid TOML document: ', '').split('\n');
    throw invalid(`${path}: line ${error.line}, column ${error.column}: ${reason}`, error);
  }
}

function checkSection(path: string, section: string): void {
  const isKnown = settingNames.some((name) => settingsTable[name].key.startsWith(`${section}.`));
  if (isKnown) return;
  const sections = settingNames.map((name) => settingsTable[name].key.split('.', 1)[0] ?? '');
  const nearest = findNearest(section, sections);
  throw invalid(
    `${path}: ${section}: there is no such setting; the nearest section is [${nearest}]`,
  );
}

function unknownKey(path: string, key: string): AllSourceError {
  const known = settingNames.map((name) => settingsTable[name].key);
  const ending = (each: string) => each.slice(each.indexOf('.') + 1);
  // A key that was put in no section or in the wrong one is nearest to the key that ends like it.
  const nearest = known.find((each) => ending(each) === ending(key)) ?? findNearest(key, known);
  return invalid(`${path}: ${key}: there is no such setting; the nearest one is ${nearest}`);
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  const isObject = typeof value === 'object' && value !== null;
  return isObject && !Array.isArray(value) && !(value instanceof Date);
}

function invalid(message: string, cause?: unknown): AllSourceError {
  return new AllSourceError('invalid_configuration', message, { cause });
}

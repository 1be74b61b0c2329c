import type { Format } from 'ajv';
import { loadFormats } from './libraries.js';
import { spend } from './stepBudget.js';

/** Formats of numbers, and names that say something about a text but check nothing. */
const untimed = ['int32', 'int64', 'float', 'double', 'password', 'binary'] as const;

const timed = [
  'date',
  'time',
  'date-time',
  'iso-time',
  'iso-date-time',
  'duration',
  'uri',
  'uri-reference',
  'uri-template',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uuid',
  'regex',
  'json-pointer',
  'json-pointer-uri-fragment',
  'relative-json-pointer',
  'byte',
] as const;

let known: ReadonlyMap<string, Format> | undefined;

/** All formats that a schema may name; each takes time linear in the text. */
export function formats(): ReadonlyMap<string, Format> {
  known ??= knownFormats();
  return known;
}

function knownFormats(): ReadonlyMap<string, Format> {
  const { fullFormats } = loadFormats();
  return new Map<string, Format>([
    ...untimed.map((name): [string, Format] => [name, fullFormats[name]]),
    ...timed.map((name): [string, Format] => [name, timedFormat(fullFormats[name])]),
    // Of ajv-formats it takes quadratic time.
    ['url', (text: string) => takes(text) && isWebUrl(text)],
  ]);
}

function timedFormat(format: unknown): Format {
  const check =
    typeof format === 'object' && format !== null && 'validate' in format
      ? format.validate
      : format;
  if (check instanceof RegExp) return (text: string) => takes(text) && check.test(text);
  // What ajv-formats has here are functions of the text.
  const isValid = check as (text: string) => boolean;
  return (text: string) => takes(text) && isValid(text);
}

function takes(text: string): true {
  spend(8 + text.length);
  return true;
}

function isWebUrl(text: string): boolean {
  return /^(?:https?|ftp):\/\/[^\s/?#.]/i.test(text) && !/\s/.test(text) && URL.canParse(text);
}

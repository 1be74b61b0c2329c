import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { isJsonObject } from '../../domain/index.js';
import type { JsonObject, JsonValue, NewEvent } from '../../domain/index.js';
import { CliError, findSystemCode } from '../failure.js';

/** A whole file, or standard input for `-`. */
export async function readText(file: string): Promise<string> {
  if (file === '-') return text(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = findSystemCode(error) ?? 'unknown error';
    throw new CliError(`${file}: the file can't be read (${code}); check its name`, {
      cause: error,
    });
  }
}

/** The JSON object in a file; `what` is what it is to be, for errors. */
export async function readObject(file: string, what: string): Promise<JsonObject> {
  return objectIn(await readText(file), { place: nameOf(file), what });
}

const eventFields: Readonly<Record<string, string>> = {
  event_type: 'eventType',
  entity_id: 'entityId',
  payload: 'payload',
  metadata: 'metadata',
  tenant_id: 'tenantId',
  event_id: 'eventId',
  tags: 'tags',
  expected_version: 'expectedVersion',
} satisfies Record<string, keyof NewEvent>;

/** New events, one in the wire names on each line; empty lines are passed over. */
export async function readEvents(file: string): Promise<NewEvent[]> {
  const lines = (await readText(file)).split('\n');
  return lines.flatMap((line, i) => {
    if (line.trim() === '') return [];
    const place = `${nameOf(file)}: line ${i + 1}`;
    return [toEvent(objectIn(line, { place, what: 'an event' }), place)];
  });
}

function toEvent(wire: JsonObject, place: string): NewEvent {
  for (const name of ['event_type', 'entity_id']) {
    if (typeof wire[name] === 'string') continue;
    throw new CliError(`${place}: ${name}: expected a text`);
  }
  if (!Object.hasOwn(wire, 'payload'))
    throw new CliError(`${place}: payload: required, but missing`);
  const event = renamed(wire, eventFields, { place, what: 'an event' });
  // The rest is checked by whoever takes it.
  return event as unknown as NewEvent;
}

interface Wording {
  readonly place: string;
  readonly what: string;
}

/** The members of an object in the names of the API; refuses what is not known. */
export function renamed(
  wire: JsonObject,
  names: Readonly<Record<string, string>>,
  { place, what }: Wording,
): JsonObject {
  const unknown = Object.keys(wire).find((name) => !Object.hasOwn(names, name));
  if (unknown !== undefined) {
    const known = Object.keys(names).join(', ');
    throw new CliError(`${place}: ${unknown}: not a field of ${what}; they are ${known}`);
  }
  // Null is as if it were left out, but for what may be null.
  const given = Object.entries(wire).filter(
    ([name, value]) => value !== null || name === 'payload',
  );
  return Object.fromEntries(given.map(([name, value]) => [names[name] ?? name, value]));
}

function objectIn(source: string, { place, what }: Wording): JsonObject {
  const value = jsonIn(source, { place, what });
  if (isJsonObject(value)) return value;
  throw new CliError(`${place}: expected ${what} as a JSON object`);
}

export function jsonIn(source: string, { place, what }: Wording): JsonValue {
  try {
    return JSON.parse(source) as JsonValue;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(`${place}: expected ${what} as JSON: ${reason}`, { cause: error });
  }
}

export function nameOf(file: string): string {
  return file === '-' ? 'standard input' : file;
}

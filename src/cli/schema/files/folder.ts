import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isEventType } from '../../../domain/index.js';
import { checkSchemaDocument, schemaSha256, type JsonSchema } from '../../../schemas/index.js';
import { jsonIn, nameOf, readText } from '../../derived/inputFile.js';
import { CliError, findSystemCode } from '../../failure.js';

export const folderDefault = 'schemas';
export const lockFileName = 'schemas.lock.json';
const fileEnding = '.json';
const fileNameBytesMax = 255;
/** Subjects that no file can bear the plain name of: of the lock, and of devices of Windows. */
const takenNames = /^(?:schemas\.lock$|(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))/;

export interface SchemaFile {
  readonly subject: string;
  readonly file: string;
}

export interface LocalSchema extends SchemaFile {
  readonly schema: JsonSchema;
  readonly sha256: string;
}

/** `order.placed.json`; of `order.*` it is `order.+.json`, since no name has a star on Windows. */
export function fileNameOf(subject: string): string {
  // Subjects come from servers, too, and become paths.
  if (!isSubject(subject)) {
    throw new CliError(
      `${JSON.stringify(subject)}: expected an event type, or a prefix as order.*`,
    );
  }
  const sign = takenNames.test(subject) ? '+' : '';
  const name = `${sign}${subject.replace(/\*$/, '+')}${fileEnding}`;
  if (name.length <= fileNameBytesMax) return name;
  throw new CliError(`${subject}: expected a name of a file of at most ${fileNameBytesMax} bytes`);
}

/** The subject of a file of that name; throws where it is of none. */
function subjectOf(name: string, file: string): string {
  const plain = name.slice(0, -fileEnding.length).replace(/^\+/, '').replace(/\+$/, '*');
  if (isSubject(plain) && fileNameOf(plain) === name) return plain;
  throw new CliError(
    `${file}: expected a file that is named after its subject, as order.placed.json, or ` +
      'order.+.json for order.*; rename it or move it elsewhere',
  );
}

function isSubject(text: string): boolean {
  return isEventType(text.replace(/\.\*$/, ''));
}

/** The schema files of a folder, sorted by subject; undefined where there is no folder. */
export async function findSchemaFiles(dir: string): Promise<readonly SchemaFile[] | undefined> {
  let names: readonly string[];
  try {
    names = await readdir(dir);
  } catch (error) {
    const code = findSystemCode(error) ?? 'unknown error';
    if (code === 'ENOENT') return undefined;
    throw new CliError(`${dir}: the folder can't be read (${code}); check its name`, {
      cause: error,
    });
  }
  const isSchemaFile = (name: string): boolean =>
    name.endsWith(fileEnding) && !name.startsWith('.') && name !== lockFileName;
  return names
    .filter(isSchemaFile)
    .map((name) => ({ subject: subjectOf(name, join(dir, name)), file: join(dir, name) }))
    .sort(bySubject);
}

/** As `findSchemaFiles`; throws where there is no folder. */
export async function schemaFilesIn(dir: string): Promise<readonly SchemaFile[]> {
  const files = await findSchemaFiles(dir);
  if (files !== undefined) return files;
  throw new CliError(
    `${dir}: expected a folder of schema files, found none; check --dir, or make it by ` +
      '`allsource schema pull`',
  );
}

export async function readFolder(dir: string): Promise<readonly LocalSchema[]> {
  const found: LocalSchema[] = [];
  for (const { subject, file } of await schemaFilesIn(dir)) {
    const schema = await readSchema(file);
    found.push({ subject, file, schema, sha256: schemaSha256(schema) });
  }
  return found;
}

/** A schema in a file, or on standard input for `-`, checked as the store checks it. */
export async function readSchema(file: string): Promise<JsonSchema> {
  const place = nameOf(file);
  return checkSchemaDocument(jsonIn(await readText(file), { place, what: 'a JSON Schema' }), place);
}

/** The text of a schema file: members stay in the order in which they were registered. */
export function schemaText(schema: JsonSchema): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function bySubject(a: SchemaFile, b: SchemaFile): number {
  return a.subject < b.subject ? -1 : 1;
}

import type { Command } from 'commander';
import type { JsonValue } from '../../domain/index.js';
import { checkSchemaDocument, compileSchema, type SchemaViolation } from '../../schemas/index.js';
import { addDerivedFlags, ofTenant, withTarget, type DerivedFlags } from '../derived/flags.js';
import { jsonIn, nameOf, readText } from '../derived/inputFile.js';
import { CliError } from '../failure.js';
import { wholeNumberFrom } from '../options.js';
import { formatCount, printJson, printNote, showSafely, writeOut } from '../output.js';

interface ValidateFlags extends DerivedFlags {
  readonly version?: number;
}

/** A payload, and its line where it stands on one among others. */
interface Candidate {
  readonly line: number | undefined;
  readonly payload: JsonValue;
}

export function addValidate(group: Command): void {
  const command = group
    .command('validate')
    .description('check payloads against a schema; ends with 1 where one breaks it')
    .argument('<subject>', 'event type, or a prefix as "order.*"')
    .argument('[file]', 'a payload as JSON, or one a line (default standard input)', '-');
  addDerivedFlags(command)
    .option('--version <n>', 'version to check against (default the newest)', wholeNumberFrom(1))
    .action(validatePayloads);
}

async function validatePayloads(
  subject: string,
  file: string,
  flags: ValidateFlags,
): Promise<void> {
  const candidates = candidatesIn(await readText(file), nameOf(file));
  const { version: wanted } = flags;
  let invalid = 0;
  let version = 0;
  await withTarget(flags, 'read', async ({ schemas }) => {
    // Checked here, so that payloads go nowhere.
    const info = await schemas.get(subject, { ...ofTenant(flags), version: wanted });
    version = info.version;
    const validator = compileSchema(checkSchemaDocument(info.schema));
    for (const { line, payload } of candidates) {
      const errors = validator.validate(payload);
      if (errors.length > 0) invalid += 1;
      if (flags.json === true) {
        const place = line === undefined ? {} : { line };
        await printJson({ ...place, valid: errors.length === 0, errors, schema_version: version });
      } else await printViolations(errors, line);
    }
  });
  const told = `${formatCount(candidates.length)} checked against version ${version} of ${subject}`;
  if (invalid > 0) throw new CliError(`${told}, ${formatCount(invalid)} not valid`);
  printNote(`${told}, all valid`);
}

/** The whole text as one payload where that is JSON, else each line of it. */
function candidatesIn(text: string, place: string): readonly Candidate[] {
  const what = 'a payload';
  const lines = text
    .split('\n')
    .map((content, index) => ({ content, line: index + 1 }))
    .filter(({ content }) => content.trim() !== '');
  const [first] = lines;
  if (first === undefined) throw new CliError(`${place}: expected ${what} as JSON, got nothing`);
  if (lines.length === 1 || !isJson(first.content)) {
    return [{ line: undefined, payload: jsonIn(text, { place, what }) }];
  }
  return lines.map(({ content, line }) => ({
    line,
    payload: jsonIn(content, { place: `${place}: line ${line}`, what }),
  }));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

async function printViolations(
  errors: readonly SchemaViolation[],
  line: number | undefined,
): Promise<void> {
  const place = line === undefined ? '' : `line ${line}: `;
  for (const { pointer, rule, message } of errors) {
    const where = pointer === '' ? 'the payload' : pointer;
    await writeOut(`${showSafely(`${place}${where}: ${rule}: ${message}`)}\n`);
  }
}

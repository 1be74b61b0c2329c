import { Argument, type Command } from 'commander';
import { enforcements, registeredDocument } from '../../schemaRegistry/index.js';
import type { Enforcement, RegisteredSchema, SubjectInfo } from '../../schemaRegistry/index.js';
import type { CompatibilityMode } from '../../schemas/index.js';
import { addDerivedFlags, ofTenant, withTarget, type DerivedFlags } from '../derived/flags.js';
import { collect, wholeNumberFrom } from '../options.js';
import { printJson, printNote, writeOut } from '../output.js';
import type { Target } from '../target/index.js';
import { addCheck } from './check.js';
import { compatibilityMode, expectedMode } from './compatibilityMode.js';
import { readSchema } from './files/folder.js';
import { addPull } from './pull.js';
import { addPush } from './push.js';
import { printSchema, printSubjects } from './report.js';
import { addTypes } from './types.js';
import { addValidate } from './validate.js';

interface VersionFlags extends DerivedFlags {
  readonly version?: number;
}

interface RegisterFlags extends DerivedFlags {
  readonly description?: string;
  readonly tag?: readonly string[];
}

const examples = `
examples:
  allsource schema register order.placed order.placed.json
  allsource schema enforcement order.placed warn
  allsource schema check --dir schemas
  allsource schema pull --dir schemas
  allsource schema types --out events.d.ts
`;

export function addSchemaCommand(program: Command): void {
  const group = program
    .command('schema')
    .description('schemas: what payloads of events must be')
    .addHelpText('after', examples);
  addReads(group);
  addRegister(group);
  addDelete(group);
  addCompatibility(group);
  addEnforcement(group);
  addValidate(group);
  addCheck(group);
  addTypes(group);
  addPull(group);
  addPush(group);
}

function addReads(group: Command): void {
  addDerivedFlags(group.command('list').description('print the subjects of a tenant')).action(
    (flags: DerivedFlags) =>
      withTarget(flags, 'read', async ({ schemas }) =>
        printSubjects(await schemas.list(ofTenant(flags)), flags.json === true),
      ),
  );
  addVersionFlag(addNamed(group, 'show', 'print the schema of a subject'), 'to print').action(
    (subject: string, flags: VersionFlags) =>
      withTarget(flags, 'read', async ({ schemas }) => {
        const { version } = flags;
        const info = await schemas.get(subject, { ...ofTenant(flags), version });
        await printSchema(info, flags.json === true);
      }),
  );
  addNamed(group, 'versions', 'print the numbers of the versions of a subject').action(
    (subject: string, flags: DerivedFlags) =>
      withTarget(flags, 'read', async ({ schemas }) => {
        const versions = await schemas.versions(subject, ofTenant(flags));
        if (flags.json === true) await printJson({ subject, versions });
        else await writeOut(versions.map((version) => `${version}\n`).join(''));
      }),
  );
}

function addNamed(group: Command, name: string, description: string): Command {
  const command = group.command(name).description(description);
  return addDerivedFlags(command).argument('<subject>', 'event type, or a prefix as "order.*"');
}

function addVersionFlag(command: Command, purpose: string): Command {
  const text = `version ${purpose} (default the newest)`;
  return command.option('--version <n>', text, wholeNumberFrom(1));
}

function addRegister(group: Command): void {
  addNamed(
    group,
    'register',
    'add the next version of a schema; the same one again changes nothing',
  )
    .argument('<file>', 'JSON Schema, or - for standard input')
    .option('--description <text>', 'what it is about')
    .option('--tag <text>', 'a tag of the version; may be given several times', collect)
    .action(registerSchema);
}

async function registerSchema(subject: string, file: string, flags: RegisterFlags): Promise<void> {
  const schema = await readSchema(file);
  const { description, tag: tags } = flags;
  await withTarget(flags, 'write', async ({ schemas }) => {
    const options = { ...ofTenant(flags), description, tags };
    const registered = await schemas.register(subject, schema, options);
    if (flags.json === true) await printJson(registeredDocument(registered));
    else await printSchema(registered, false);
    noteLaterVersion(registered);
  });
}

/** Whoever registers takes it that it is used from then on. */
function noteLaterVersion({ version, latestVersion, enforcement }: RegisteredSchema): void {
  if (version === latestVersion) return;
  const what = enforcement === 'enforce' ? 'the one that is enforced' : 'the newest';
  printNote(`this is version ${version}; version ${latestVersion} stays ${what}`);
}

function addDelete(group: Command): void {
  const command = addNamed(group, 'delete', 'take a schema away, or one version of it');
  command
    .option('--version <n>', 'version to take away (default all)', wholeNumberFrom(1))
    .action((subject: string, flags: VersionFlags) =>
      withTarget(flags, 'write', async ({ schemas }) => {
        const { version } = flags;
        await schemas.delete(subject, { ...ofTenant(flags), version });
        const which = version === undefined ? subject : `version ${version} of ${subject}`;
        const named = version === undefined ? {} : { version };
        if (flags.json === true) await printJson({ deleted: subject, ...named });
        else await writeOut(`${which} is deleted\n`);
      }),
    );
}

function addCompatibility(group: Command): void {
  const description = 'print what a new version may change, or set it';
  addNamed(group, 'compatibility', description)
    .argument('[mode]', expectedMode, compatibilityMode)
    .action((subject: string, mode: CompatibilityMode | undefined, flags: DerivedFlags) =>
      showOrSet(subject, flags, {
        name: 'compatibility',
        set: mode && (({ schemas }) => schemas.setCompatibility(subject, mode, ofTenant(flags))),
      }),
    );
}

function addEnforcement(group: Command): void {
  const description = 'print what happens to payloads that break the schema, or set it';
  const mode = new Argument('[mode]', 'enforce: refuse; warn: take, and count; off: do not look');
  addNamed(group, 'enforcement', description)
    .addArgument(mode.choices(enforcements))
    .action((subject: string, wanted: Enforcement | undefined, flags: DerivedFlags) =>
      showOrSet(subject, flags, {
        name: 'enforcement',
        set: wanted && (({ schemas }) => schemas.setEnforcement(subject, wanted, ofTenant(flags))),
      }),
    );
}

interface SubjectSetting {
  readonly name: 'compatibility' | 'enforcement';
  /** Undefined where it is only shown. */
  readonly set: ((target: Target) => Promise<SubjectInfo>) | undefined;
}

function showOrSet(
  subject: string,
  flags: DerivedFlags,
  { name, set }: SubjectSetting,
): Promise<void> {
  return withTarget(flags, set === undefined ? 'read' : 'write', async (target) => {
    const info =
      set === undefined ? await target.schemas.get(subject, ofTenant(flags)) : await set(target);
    if (flags.json === true) await printJson({ subject, [name]: info[name] });
    else await writeOut(`${info[name]}\n`);
  });
}

import type { Command } from 'commander';
import { AllSourceError } from '../../domain/index.js';
import type { JsonObject } from '../../domain/index.js';
import type { ProjectionDeclaration, ProjectionHandle } from '../../projections/index.js';
import { printDeleted } from '../delivery/deadLetters.js';
import { wholeNumberFrom } from '../options.js';
import { addDerivedFlags, ofTenant, withTarget, type DerivedFlags } from './flags.js';
import { nameOf, readObject, renamed } from './inputFile.js';
import {
  printParked,
  printProjection,
  printProjections,
  printState,
  printStates,
} from './projectionReport.js';
import { rebuild } from './rebuild.js';

const listDefault = 100;
const pageStatesMax = 1000;

interface StatesFlags extends DerivedFlags {
  readonly prefix?: string;
  readonly limit: number;
}

const examples = `
examples:
  allsource projection declare totals.json
  allsource projection states totals
  allsource projection get totals customer-1
  allsource projection rebuild totals
`;

export function addProjectionCommand(program: Command): void {
  const group = program
    .command('projection')
    .description('projections: states that are kept up to date with the log')
    .addHelpText('after', examples);
  addDerivedFlags(group.command('list').description('print the projections of a tenant')).action(
    (flags: DerivedFlags) =>
      withTarget(flags, 'read', async ({ projections }) =>
        printProjections(await projections.list(ofTenant(flags)), flags.json === true),
      ),
  );
  addNamed(group, 'show', 'print a projection').action((name: string, flags: DerivedFlags) =>
    withProjection(name, flags, 'read', async (handle) =>
      printProjection(await handle.info(), flags.json === true),
    ),
  );
  addDeclare(group);
  addReads(group);
  addChanges(group);
}

function addNamed(group: Command, name: string, description: string): Command {
  const command = group.command(name).description(description);
  return addDerivedFlags(command).argument('<name>', 'name of the projection');
}

function addDeclare(group: Command): void {
  const command = group
    .command('declare')
    .description('make a projection of a declaration, or a new version of it')
    .argument('<file>', 'declaration as JSON, or - for standard input');
  addDerivedFlags(command).action(declareProjection);
}

function addReads(group: Command): void {
  addNamed(group, 'states', 'print the states of a projection')
    .option('--prefix <text>', 'only keys that begin with this')
    .option('--limit <n>', 'states to print', wholeNumberFrom(1), listDefault)
    .action(listStates);
  addNamed(group, 'get', 'print the state of a key')
    .argument('<key>', 'key of the state')
    .action(getState);
  addNamed(group, 'parked', 'print the events that were left out because they failed').action(
    (name: string, flags: DerivedFlags) =>
      withProjection(name, flags, 'read', async (handle) =>
        printParked(await handle.parked(), flags.json === true),
      ),
  );
}

function addChanges(group: Command): void {
  const calls = [
    ['pause', 'do nothing until it is resumed'],
    ['resume', 'go on; where an event failed it is tried again'],
  ] as const;
  for (const [call, description] of calls) {
    addNamed(group, call, description).action((name: string, flags: DerivedFlags) =>
      withProjection(name, flags, 'write', async (handle) => {
        await handle[call]();
        await printProjection(await handle.info(), flags.json === true);
      }),
    );
  }
  addNamed(group, 'rebuild', 'build all states anew, and wait until they are read').action(
    (name: string, flags: DerivedFlags) =>
      withProjection(name, flags, 'write', async (handle) => {
        await rebuild(handle);
        await printProjection(await handle.info(), flags.json === true);
      }),
  );
  addNamed(group, 'delete', 'delete a projection; its states are not read any more').action(
    deleteProjection,
  );
}

function withProjection(
  name: string,
  flags: DerivedFlags,
  access: 'read' | 'write',
  work: (handle: ProjectionHandle) => Promise<void>,
): Promise<void> {
  return withTarget(flags, access, async ({ projections }) =>
    work(await projections.get(name, ofTenant(flags))),
  );
}

const declarationNames: Readonly<Record<string, keyof ProjectionDeclaration>> = {
  name: 'name',
  version: 'version',
  source_event_types: 'sourceEventTypes',
  key: 'key',
  fields: 'fields',
  on_error: 'onError',
};

async function declareProjection(file: string, flags: DerivedFlags): Promise<void> {
  const { tenant_id: tenantInFile, ...wire } = await readObject(file, 'a declaration');
  const wording = { place: nameOf(file), what: 'a declaration' };
  const declaration = renamed(wire, declarationNames, wording);
  const tenantId = flags.tenant ?? tenantInFile ?? undefined;
  await withTarget(flags, 'write', async ({ projections }) => {
    const handle = await projections.declare(toDeclaration(declaration), {
      // The store says what is wrong with it.
      tenantId: tenantId as string | undefined,
    });
    await printProjection(await handle.info(), flags.json === true);
  });
}

/** The store checks what it holds. */
function toDeclaration(declaration: JsonObject): ProjectionDeclaration {
  return declaration as unknown as ProjectionDeclaration;
}

async function listStates(name: string, flags: StatesFlags): Promise<void> {
  const { prefix, limit } = flags;
  await withProjection(name, flags, 'read', async (handle) => {
    const pages = pagesOf(handle, { prefix, limit });
    await printStates(pages, flags.json === true);
  });
}

async function* pagesOf(
  handle: ProjectionHandle,
  { prefix, limit }: { readonly prefix: string | undefined; readonly limit: number },
) {
  let left = limit;
  for (let cursor: string | null | undefined; cursor !== null && left > 0;) {
    const page = await handle.list({ prefix, cursor, limit: Math.min(left, pageStatesMax) });
    yield page.states;
    left -= page.states.length;
    cursor = page.nextCursor;
  }
}

async function getState(name: string, key: string, flags: DerivedFlags): Promise<void> {
  await withProjection(name, flags, 'read', async (handle) => {
    const read = await handle.get(key);
    if (read === undefined) {
      const message = `projection ${name} has no state of ${JSON.stringify(key)}`;
      throw new AllSourceError('projection_state_not_found', message);
    }
    await printState({ projection: name, ...read }, flags.json === true);
  });
}

async function deleteProjection(name: string, flags: DerivedFlags): Promise<void> {
  await withTarget(flags, 'write', async ({ projections }) => {
    await projections.delete(name, ofTenant(flags));
    await printDeleted(name, flags.json === true);
  });
}

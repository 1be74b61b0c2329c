import { Option, type Command } from 'commander';
import type { CreatePipelineOptions, Pipelines } from '../../pipelineRuns/index.js';
import { printDeleted } from '../delivery/deadLetters.js';
import { addDerivedFlags, ofTenant, withTarget, type DerivedFlags } from './flags.js';
import { readEvents, readObject } from './inputFile.js';
import {
  printDroppedEvents,
  printPipeline,
  printPipelines,
  printTested,
} from './pipelineReport.js';
import { addTopicTail } from './topicTail.js';

interface CreateFlags extends DerivedFlags {
  readonly id?: string;
  readonly from?: 'beginning' | 'now';
}

const examples = `
examples:
  allsource pipeline create revenue.json --from beginning
  allsource pipeline test revenue events.ndjson
  allsource pipeline show revenue
  allsource pipeline tail big-orders
`;

export function addPipelineCommand(program: Command): void {
  const group = program
    .command('pipeline')
    .description('pipelines: events that are filtered, aggregated and derived')
    .addHelpText('after', examples);
  addDerivedFlags(group.command('list').description('print the pipelines of a tenant')).action(
    (flags: DerivedFlags) =>
      withTarget(flags, 'read', async ({ pipelines }) =>
        printPipelines(await pipelines.list(ofTenant(flags)), flags.json === true),
      ),
  );
  addCreate(group);
  addCalls(group);
  addNamed(group, 'delete', 'delete a pipeline; what it derived stays').action(deletePipeline);
  addNamed(group, 'test', 'print what would come of some events; nothing is stored')
    .argument('<file>', 'events as NDJSON, at most 10 000, or - for standard input')
    .action(testPipeline);
  addNamed(group, 'dropped', 'print the last events that failed or came too late').action(
    listDropped,
  );
  addTopicTail(group);
}

/** The calls that answer with the pipeline. */
function addCalls(group: Command): void {
  const calls = [
    ['show', 'get', 'read', 'print a pipeline and its definition'],
    ['pause', 'pause', 'write', 'process nothing until it is resumed'],
    ['resume', 'resume', 'write', 'go on where it was paused'],
    ['reset', 'reset', 'write', 'forget groups, panes and statistics, and go on'],
  ] as const satisfies readonly (readonly [string, keyof Pipelines, 'read' | 'write', string])[];
  for (const [name, call, access, description] of calls) {
    addNamed(group, name, description).action((id: string, flags: DerivedFlags) =>
      withTarget(flags, access, async ({ pipelines }) =>
        printPipeline(await pipelines[call](id, ofTenant(flags)), flags.json === true),
      ),
    );
  }
}

function addNamed(group: Command, name: string, description: string): Command {
  const command = group.command(name).description(description);
  return addDerivedFlags(command).argument('<id>', 'id of the pipeline');
}

function addCreate(group: Command): void {
  const command = group
    .command('create')
    .description('make a pipeline; one with the same id and definition may be there already')
    .argument('<file>', 'definition as JSON, or - for standard input');
  addDerivedFlags(command)
    .option('--id <id>', 'id, unique in the tenant (default that of the file, or a UUID)')
    .addOption(
      new Option('--from <start>', 'all events of the log, or from now on (default now)').choices([
        'beginning',
        'now',
      ]),
    )
    .action(createPipeline);
}

async function createPipeline(file: string, flags: CreateFlags): Promise<void> {
  const { id, from, ...definition } = await readObject(file, 'a pipeline');
  // What stands in the file is checked by the store.
  const options = {
    id: flags.id ?? id ?? undefined,
    from: flags.from ?? from ?? undefined,
  } as CreatePipelineOptions;
  const named =
    flags.tenant === undefined ? definition : { ...definition, tenant_id: flags.tenant };
  await withTarget(flags, 'write', async ({ pipelines }) =>
    printPipeline(await pipelines.create(named, options), flags.json === true),
  );
}

async function deletePipeline(id: string, flags: DerivedFlags): Promise<void> {
  await withTarget(flags, 'write', async ({ pipelines }) => {
    await pipelines.delete(id, ofTenant(flags));
    await printDeleted(id, flags.json === true);
  });
}

async function testPipeline(id: string, file: string, flags: DerivedFlags): Promise<void> {
  const events = await readEvents(file);
  await withTarget(flags, 'read', async ({ pipelines }) =>
    printTested(await pipelines.test(id, events, ofTenant(flags)), flags.json === true),
  );
}

async function listDropped(id: string, flags: DerivedFlags): Promise<void> {
  await withTarget(flags, 'read', async ({ pipelines }) =>
    printDroppedEvents(await pipelines.dropped(id, ofTenant(flags)), flags.json === true),
  );
}

import type { Command } from 'commander';
import type { ConsumerOptions } from '../../consumers/index.js';
import { addFilterFlags, wholeNumberFrom, wholeNumbers, type FilterFlags } from '../options.js';
import { printConsumer, printConsumers } from './consumerReport.js';
import { printDeadLetters, printDeleted, printReplayed } from './deadLetters.js';
import {
  addConnectionFlags,
  addServerFlags,
  ofTenant,
  readSubscriptionFilter,
  startPlace,
  withServer,
  type ServerFlags,
} from './server.js';

type Start = NonNullable<ConsumerOptions['from']>;

interface CreateFlags extends ServerFlags, FilterFlags {
  readonly tenant?: string;
  readonly from?: Start;
  readonly maxInFlight?: number;
  readonly ackTimeoutMs?: number;
  readonly maxAttempts?: number;
}

const examples = `
examples:
  allsource consumer create billing --type order.placed
  allsource consumer list
  allsource consumer seek billing 2026-01-31T09:30:00Z
  allsource consumer replay billing
`;

export function addConsumerCommand(program: Command): void {
  const group = program
    .command('consumer')
    .description('consumers of a server: subscriptions that it remembers')
    .addHelpText('after', examples);
  addServerFlags(group.command('list').description('print the consumers of a tenant')).action(
    (flags: ServerFlags) =>
      withServer(flags, async ({ consumers }) =>
        printConsumers(await consumers.list(ofTenant(flags)), flags.json === true),
      ),
  );
  addNamed(group, 'show', 'print a consumer and its members').action(showConsumer);
  addCreate(group);
  addNamed(group, 'seek', 'go on from another place, forwards or backwards')
    .argument('<to>', 'beginning, now, the first position wanted, or a time', startPlace)
    .action(seekConsumer);
  addNamed(group, 'delete', 'delete a consumer, its cursors and dead letters').action(
    deleteConsumer,
  );
  addNamed(group, 'dead-letters', 'print the events that could not be handled').action(
    listDeadLetters,
  );
  addNamed(group, 'replay', 'deliver dead letters again')
    .argument('[n...]', 'positions of those that are meant (default all)', wholeNumbers)
    .action(replayDeadLetters);
}

function addNamed(group: Command, name: string, description: string): Command {
  const command = group.command(name).description(description);
  return addServerFlags(command).argument('<name>', 'name of the consumer');
}

function addCreate(group: Command): void {
  const command = group
    .command('create')
    .description('make a consumer; one with the same options may be there already')
    .argument('<name>', 'name, unique in the tenant');
  addFilterFlags(addConnectionFlags(command))
    .option(
      '--from <start>',
      'beginning, now, the first position wanted, or a time (default beginning)',
      startPlace,
    )
    .option(
      '--max-in-flight <n>',
      'events that a member may hold (default 1000)',
      wholeNumberFrom(1),
    )
    .option(
      '--ack-timeout-ms <ms>',
      'time to acknowledge an event before it comes again (default 30000)',
      wholeNumberFrom(1),
    )
    .option(
      '--max-attempts <n>',
      'deliveries before an event is a dead letter (default 5)',
      wholeNumberFrom(1),
    )
    .action(createConsumer);
}

async function createConsumer(name: string, flags: CreateFlags): Promise<void> {
  const { from, maxInFlight, ackTimeoutMs, maxAttempts } = flags;
  const filter = readSubscriptionFilter(flags);
  const options = {
    name,
    ...ofTenant(flags),
    filter,
    from,
    maxInFlight,
    ackTimeoutMs,
    maxAttempts,
  };
  await withServer(flags, async ({ consumers }) =>
    printConsumer(await consumers.create(options), flags.json === true),
  );
}

async function showConsumer(name: string, flags: ServerFlags): Promise<void> {
  await withServer(flags, async ({ consumers }) => {
    const consumer = await consumers.get(name, ofTenant(flags));
    await printConsumer(await consumer.info(), flags.json === true);
  });
}

async function seekConsumer(name: string, to: Start, flags: ServerFlags): Promise<void> {
  await withServer(flags, async ({ consumers }) =>
    printConsumer(await consumers.seek(name, to, ofTenant(flags)), flags.json === true),
  );
}

async function deleteConsumer(name: string, flags: ServerFlags): Promise<void> {
  await withServer(flags, async ({ consumers }) => {
    await consumers.delete(name, ofTenant(flags));
    await printDeleted(name, flags.json === true);
  });
}

async function listDeadLetters(name: string, flags: ServerFlags): Promise<void> {
  await withServer(flags, async ({ consumers }) => {
    const consumer = await consumers.get(name, ofTenant(flags));
    await printDeadLetters(await consumer.deadLetters(), flags.json === true);
  });
}

async function replayDeadLetters(
  name: string,
  positions: readonly number[] | undefined,
  flags: ServerFlags,
): Promise<void> {
  await withServer(flags, async ({ consumers }) => {
    const consumer = await consumers.get(name, ofTenant(flags));
    const wanted = positions?.length ? positions : undefined;
    await printReplayed(await consumer.replayDeadLetters(wanted), flags.json === true);
  });
}

import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { WebhookOptions } from '../../webhooks/index.js';
import { CliError, findSystemCode } from '../failure.js';
import { addFilterFlags, wholeNumberFrom, wholeNumbers, type FilterFlags } from '../options.js';
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
import { printDeliveries, printWebhook, printWebhooks } from './webhookReport.js';

const deliveriesDefault = 100;
const deliveriesMax = 1000;

interface CreateFlags extends ServerFlags, FilterFlags {
  readonly tenant?: string;
  readonly from?: NonNullable<WebhookOptions['from']>;
  readonly secretFile?: string;
  readonly timeoutMs?: number;
  readonly pauseAfter?: number;
  readonly maxAttempts?: number;
}

interface DeliveriesFlags extends ServerFlags {
  readonly limit: number;
}

const examples = `
examples:
  allsource webhook create shop https://shop.example/hook --type-prefix order.
  allsource webhook deliveries shop
  allsource webhook resume shop
  allsource webhook replay shop
`;

export function addWebhookCommand(program: Command): void {
  const group = program
    .command('webhook')
    .description('webhooks of a server: events that it posts to a URL')
    .addHelpText('after', examples);
  addServerFlags(group.command('list').description('print the webhooks of a tenant')).action(
    (flags: ServerFlags) =>
      withServer(flags, async ({ webhooks }) =>
        printWebhooks(await webhooks.list(ofTenant(flags)), flags.json === true),
      ),
  );
  addCalls(group);
  addCreate(group);
  addNamed(group, 'deliveries', 'print the last attempts since the store was opened')
    .option(
      '--limit <n>',
      'attempts at most, the newest first',
      wholeNumberFrom(1, deliveriesMax),
      deliveriesDefault,
    )
    .action(listDeliveries);
  addNamed(group, 'delete', 'delete a webhook').action(deleteWebhook);
  addNamed(group, 'dead-letters', 'print the events that the receiver never took').action(
    listDeadLetters,
  );
  addNamed(group, 'replay', 'post dead letters again')
    .argument('[n...]', 'positions of those that are meant (default all)', wholeNumbers)
    .action(replayDeadLetters);
}

/** The calls that answer with the webhook. */
function addCalls(group: Command): void {
  const calls = [
    ['show', 'get', 'print a webhook'],
    ['pause', 'pause', 'post nothing until it is resumed'],
    ['resume', 'resume', 'go on where it was paused'],
  ] as const;
  for (const [name, call, description] of calls) {
    addNamed(group, name, description).action((webhook: string, flags: ServerFlags) =>
      withServer(flags, async ({ webhooks }) =>
        printWebhook(await webhooks[call](webhook, ofTenant(flags)), flags.json === true),
      ),
    );
  }
}

function addNamed(group: Command, name: string, description: string): Command {
  const command = group.command(name).description(description);
  return addServerFlags(command).argument('<name>', 'name of the webhook');
}

function addCreate(group: Command): void {
  const command = group
    .command('create')
    .description('post events to a URL from now on; prints the secret, this once')
    .argument('<name>', 'name, unique in the tenant')
    .argument('<receiver>', 'http or https URL that events are posted to');
  addFilterFlags(addConnectionFlags(command))
    .option(
      '--from <start>',
      'beginning, now, the first position wanted, or a time (default now)',
      startPlace,
    )
    .option('--secret-file <file>', 'file with the secret (default: one is made)')
    .option('--timeout-ms <ms>', 'time for an answer (default 10000)', wholeNumberFrom(1))
    .option(
      '--pause-after <n>',
      'attempts in a row that may fail before it is paused (default 20)',
      wholeNumberFrom(1),
    )
    .option(
      '--max-attempts <n>',
      'attempts before an event is a dead letter (default 16)',
      wholeNumberFrom(1),
    )
    .action(createWebhook);
}

async function createWebhook(name: string, receiver: string, flags: CreateFlags): Promise<void> {
  const { from, secretFile, timeoutMs, pauseAfter, maxAttempts } = flags;
  const secret = secretFile === undefined ? undefined : await readSecret(secretFile);
  const filter = readSubscriptionFilter(flags);
  const limits = { timeoutMs, pauseAfter, maxAttempts };
  const options = { name, ...ofTenant(flags), url: receiver, filter, from, secret, ...limits };
  await withServer(flags, async ({ webhooks }) =>
    printWebhook(await webhooks.create(options), flags.json === true),
  );
}

async function readSecret(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    const code = findSystemCode(error) ?? 'unknown error';
    throw new CliError(`${file}: the secret can't be read (${code}); check --secret-file`, {
      cause: error,
    });
  }
}

async function listDeliveries(name: string, flags: DeliveriesFlags): Promise<void> {
  await withServer(flags, async ({ webhooks }) => {
    const deliveries = await webhooks.deliveries(name, ofTenant(flags));
    await printDeliveries(deliveries.slice(0, flags.limit), flags.json === true);
  });
}

async function deleteWebhook(name: string, flags: ServerFlags): Promise<void> {
  await withServer(flags, async ({ webhooks }) => {
    await webhooks.delete(name, ofTenant(flags));
    await printDeleted(name, flags.json === true);
  });
}

async function listDeadLetters(name: string, flags: ServerFlags): Promise<void> {
  await withServer(flags, async ({ webhooks }) =>
    printDeadLetters(await webhooks.deadLetters(name, ofTenant(flags)), flags.json === true),
  );
}

async function replayDeadLetters(
  name: string,
  positions: readonly number[] | undefined,
  flags: ServerFlags,
): Promise<void> {
  await withServer(flags, async ({ webhooks }) => {
    const wanted = positions?.length ? positions : undefined;
    const options = { ...ofTenant(flags), positions: wanted };
    await printReplayed(await webhooks.replay(name, options), flags.json === true);
  });
}

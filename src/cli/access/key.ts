import type { Command } from 'commander';
import {
  apiKeyDocument,
  apiKeysDocument,
  createdApiKeyDocument,
  type ApiKey,
} from '../../access/index.js';
import { formatTimestamp } from '../../domain/index.js';
import { addTargetFlags, rfc3339Time, type TargetFlags } from '../options.js';
import { formatTime, printJson, printList, printNote, writeOut } from '../output.js';
import { withStore } from './store.js';

interface KeyFlags extends TargetFlags {
  readonly tenant?: string;
}

interface CreateFlags extends KeyFlags {
  readonly role?: string;
  readonly expiresAt?: string;
}

const examples = `
examples:
  allsource key create ci --role serviceaccount --expires-at 2027-01-01T00:00:00Z
  allsource key list
`;

export function addKeyCommand(program: Command): void {
  const group = program
    .command('key')
    .description('API keys, by which programs say who they are')
    .addHelpText('after', examples);
  const create = group
    .command('create')
    .description('make an API key, and print it this once')
    .argument('<name>', 'what it is for')
    .option(
      '--role <role>',
      'admin, developer, readonly or serviceaccount (default serviceaccount)',
    )
    .option('--expires-at <time>', 'until when it is good (default for ever)', rfc3339Time);
  addKeyFlags(create).action(createKey);
  addKeyFlags(group.command('list').description('print the API keys of a tenant')).action(list);
  const remove = group
    .command('delete')
    .description('delete an API key: it is refused from now on')
    .argument('<id>', 'id of the key');
  addKeyFlags(remove).action(deleteKey);
}

function addKeyFlags(command: Command): Command {
  return addTargetFlags(
    command.option('--tenant <id>', 'tenant of the key (default that of the caller, or default)'),
  );
}

function createKey(name: string, flags: CreateFlags): Promise<void> {
  return withStore(flags, 'write', async ({ apiKeys }) => {
    const { role, expiresAt, tenant: tenantId } = flags;
    const key = await apiKeys.create({ name, role, expiresAt, tenantId });
    if (flags.json === true) return printJson(createdApiKeyDocument(key));
    printNote(`${name}: ${key.role} of the tenant ${key.tenantId}; it is shown this once`);
    await writeOut(`${key.key}\n`);
  });
}

function list(flags: KeyFlags): Promise<void> {
  return withStore(flags, 'read', async ({ apiKeys }) => {
    const all = await apiKeys.list({ tenantId: flags.tenant });
    if (flags.json === true) return printJson(apiKeysDocument(all));
    await printList<ApiKey>(all, {
      json: false,
      document: apiKeyDocument,
      none: 'the tenant has no API keys',
      columns: [
        { title: 'id', cell: ({ id }) => id },
        { title: 'name', cell: ({ name }) => name },
        { title: 'role', cell: ({ role }) => role },
        { title: 'last used', cell: ({ lastUsedAt }) => shownTime(lastUsedAt) },
        { title: 'expires', cell: ({ expiresAt }) => shownTime(expiresAt) },
      ],
    });
  });
}

function deleteKey(id: string, flags: KeyFlags): Promise<void> {
  return withStore(flags, 'write', async ({ apiKeys }) => {
    await apiKeys.delete(id, { tenantId: flags.tenant });
    if (flags.json === true) await printJson({ id, deleted: true });
    else printNote(`deleted ${id}`);
  });
}

function shownTime(micros: number | null): string {
  return micros === null ? 'never' : formatTime(formatTimestamp(micros));
}

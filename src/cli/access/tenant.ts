import type { Command } from 'commander';
import { quotaNames } from '../../domain/index.js';
import {
  tenantDocument,
  tenantsDocument,
  type QuotaPreset,
  type Quotas,
  type Tenant,
  type Tenants,
} from '../../tenants/index.js';
import { addTargetFlags, wholeNumberFrom, type TargetFlags } from '../options.js';
import { formatCount, printJson, printList, printNote, printPairs } from '../output.js';
import { withStore } from './store.js';

type QuotaFlags = TargetFlags & Partial<Quotas>;

type CreateFlags = QuotaFlags & {
  readonly name?: string;
  readonly description?: string;
  readonly preset?: QuotaPreset;
};

const examples = `
examples:
  allsource tenant create acme --name 'Acme Ltd' --preset professional
  allsource tenant quotas acme --max-events-per-day 5000000
  allsource tenant deactivate acme
`;

export function addTenantCommand(program: Command): void {
  const group = program
    .command('tenant')
    .description('who has data of their own in a store, and how much they may do')
    .addHelpText('after', examples);
  addTargetFlags(group.command('list').description('print the tenants')).action(list);
  const create = group
    .command('create')
    .description('make a tenant')
    .argument('<id>', '1-64 letters, digits, - and _')
    .option('--name <text>', 'what it is called (default the id)')
    .option('--description <text>', 'more about it')
    .option('--preset <name>', 'standard, free, professional or unlimited (default standard)');
  addTargetFlags(addQuotaFlags(create)).action(createTenant);
  addNamed(group, 'show', 'print a tenant and its quotas').action(show);
  addQuotaFlags(addNamed(group, 'quotas', 'set quotas; those that are not given stay')).action(
    setQuotas,
  );
  addNamed(group, 'activate', 'let a tenant in again').action(
    turn((tenants, id) => tenants.activate(id)),
  );
  addNamed(group, 'deactivate', 'refuse a tenant everywhere; its data stays').action(
    turn((tenants, id) => tenants.deactivate(id)),
  );
}

function addNamed(group: Command, name: string, description: string): Command {
  const command = group.command(name).description(description);
  return addTargetFlags(command.argument('<id>', 'id of the tenant'));
}

/** A flag for each quota, called as on the wire. */
function addQuotaFlags(command: Command): Command {
  for (const wireName of Object.values(quotaNames)) {
    const flag = wireName.replaceAll('_', '-');
    command.option(`--${flag} <n>`, 'bound; 0 = none', wholeNumberFrom(0));
  }
  return command;
}

function quotasIn(flags: QuotaFlags): Partial<Quotas> {
  const names = Object.keys(quotaNames) as (keyof Quotas)[];
  const given = names.filter((name) => flags[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, flags[name]]));
}

function list(flags: TargetFlags): Promise<void> {
  return withStore(flags, 'read', async ({ tenants }) => {
    const all = await tenants.list();
    if (flags.json === true) return printJson(tenantsDocument(all));
    await printList<Tenant>(all, {
      json: false,
      document: tenantDocument,
      columns: [
        { title: 'id', cell: ({ id }) => id },
        { title: 'name', cell: ({ name }) => name },
        { title: 'active', cell: ({ active }) => (active ? 'yes' : 'no') },
        { title: 'events a day', cell: ({ quotas }) => bound(quotas.maxEventsPerDay) },
        { title: 'requests a minute', cell: ({ quotas }) => bound(quotas.requestsPerMinute) },
      ],
    });
  });
}

function createTenant(id: string, flags: CreateFlags): Promise<void> {
  return withStore(flags, 'write', async ({ tenants }) => {
    const { name, description, preset } = flags;
    const quotas = quotasIn(flags);
    await report(await tenants.create({ id, name, description, preset, quotas }), flags);
  });
}

function show(id: string, flags: TargetFlags): Promise<void> {
  return withStore(flags, 'read', async ({ tenants }) => {
    const tenant = await tenants.get(id);
    if (flags.json === true) return printJson(tenantDocument(tenant));
    const quotas = Object.entries(quotaNames).map(
      ([name, wireName]) =>
        [wireName.replaceAll('_', ' '), bound(tenant.quotas[name as keyof Quotas])] as const,
    );
    await printPairs([
      ['id', tenant.id],
      ['name', tenant.name],
      ['description', tenant.description ?? ''],
      ['active', tenant.active ? 'yes' : 'no'],
      ...quotas,
    ]);
  });
}

function setQuotas(id: string, flags: QuotaFlags): Promise<void> {
  return withStore(flags, 'write', async ({ tenants }) => {
    await report(await tenants.setQuotas(id, quotasIn(flags)), flags);
  });
}

function turn(work: (tenants: Tenants, id: string) => Promise<Tenant>) {
  return (id: string, flags: TargetFlags): Promise<void> =>
    withStore(flags, 'write', async ({ tenants }) => report(await work(tenants, id), flags));
}

async function report(tenant: Tenant, { json }: TargetFlags): Promise<void> {
  if (json === true) return printJson(tenantDocument(tenant));
  printNote(`the tenant ${tenant.id} is ${tenant.active ? 'active' : 'inactive'}`);
}

function bound(count: number): string {
  return count === 0 ? 'no bound' : formatCount(count);
}

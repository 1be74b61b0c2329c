import type { Command } from 'commander';
import { userDocument, usersDocument, type User, type Users } from '../../access/index.js';
import { formatTimestamp } from '../../domain/index.js';
import { CliError } from '../failure.js';
import { addTargetFlags, type TargetFlags } from '../options.js';
import { formatTime, printJson, printList, printNote } from '../output.js';
import { readPassword } from './secretInput.js';
import { withStore } from './store.js';

interface UserFlags extends TargetFlags {
  readonly tenant?: string;
}

interface ChangeFlags extends UserFlags {
  readonly email?: string;
  readonly role?: string;
}

interface PasswordFlags extends ChangeFlags {
  readonly passwordFile?: string;
}

const examples = `
examples:
  allsource user create ada --role developer --email ada@example.com
  allsource user role ada admin
  allsource user disable ada
`;
const passwordFile = 'read the password from a file (default: asked for, or stdin)';

export function addUserCommand(program: Command): void {
  const group = program
    .command('user')
    .description('who can log in')
    .addHelpText('after', examples);
  addUserFlags(group.command('list').description('print the users of a tenant')).action(list);
  const create = group
    .command('create')
    .description('make a user; the password is asked for')
    .argument('<username>', 'name to log in with')
    .option('--role <role>', 'admin, developer, readonly or serviceaccount (default readonly)')
    .option('--email <address>', 'address of the user')
    .option('--password-file <file>', passwordFile);
  addUserFlags(create).action(createUser);
  addNamed(group, 'role', 'give a user another role, and log it out')
    .argument('<role>', 'admin, developer, readonly or serviceaccount')
    .action((username: string, role: string, flags: UserFlags) =>
      change(username, flags, (users, user, of) => users.update(user.id, { role }, of)),
    );
  addNamed(group, 'password', 'give a user another password, and log it out')
    .option('--password-file <file>', passwordFile)
    .action(setPassword);
  addNamed(group, 'disable', 'let a user log in no more').action(activate(false));
  addNamed(group, 'enable', 'let a user log in again').action(activate(true));
  addNamed(group, 'delete', 'delete a user').action(deleteUser);
}

function addUserFlags(command: Command): Command {
  return addTargetFlags(
    command.option('--tenant <id>', 'tenant of the user (default that of the caller, or default)'),
  );
}

function addNamed(group: Command, name: string, description: string): Command {
  const command = group.command(name).description(description);
  return addUserFlags(command.argument('<username>', 'name of the user'));
}

function list(flags: UserFlags): Promise<void> {
  return withStore(flags, 'read', async ({ users }) => {
    const all = await users.list({ tenantId: flags.tenant });
    if (flags.json === true) return printJson(usersDocument(all));
    await printList(all, {
      json: false,
      document: userDocument,
      none: 'the tenant has no users',
      columns: [
        { title: 'username', cell: ({ username }) => username },
        { title: 'role', cell: ({ role }) => role },
        { title: 'active', cell: ({ active }) => (active ? 'yes' : 'no') },
        { title: 'email', cell: ({ email }) => email ?? '' },
        { title: 'created', cell: ({ createdAt }) => formatTime(formatTimestamp(createdAt)) },
      ],
    });
  });
}

async function createUser(username: string, flags: PasswordFlags): Promise<void> {
  const { role, email, tenant: tenantId } = flags;
  const password = await readPassword('password', { file: flags.passwordFile, twice: true });
  await withStore(flags, 'write', async ({ users }) => {
    await report(await users.create({ username, password, role, email, tenantId }), flags);
  });
}

async function setPassword(username: string, flags: PasswordFlags): Promise<void> {
  const password = await readPassword('new password', { file: flags.passwordFile, twice: true });
  await change(username, flags, (users, user, of) => users.update(user.id, { password }, of));
}

function activate(active: boolean) {
  return (username: string, flags: UserFlags): Promise<void> =>
    change(username, flags, (users, user, of) => users.update(user.id, { active }, of));
}

function deleteUser(username: string, flags: UserFlags): Promise<void> {
  return withStore(flags, 'write', async ({ users }) => {
    const of = { tenantId: flags.tenant };
    const { id } = await named(users, username, of);
    await users.delete(id, of);
    if (flags.json === true) await printJson({ id, username, deleted: true });
    else printNote(`deleted ${username}`);
  });
}

interface OfTenant {
  readonly tenantId: string | undefined;
}

function change(
  username: string,
  flags: UserFlags,
  work: (users: Users, user: User, of: OfTenant) => Promise<User>,
): Promise<void> {
  return withStore(flags, 'write', async ({ users }) => {
    const of = { tenantId: flags.tenant };
    await report(await work(users, await named(users, username, of), of), flags);
  });
}

async function named(users: Users, username: string, of: OfTenant): Promise<User> {
  const all = await users.list(of);
  const user = all.find((one) => one.username.toLowerCase() === username.toLowerCase());
  if (user !== undefined) return user;
  throw new CliError(
    `there is no user ${username}; \`allsource user list\` prints those of a --tenant`,
  );
}

async function report(user: User, { json }: UserFlags): Promise<void> {
  if (json === true) return printJson(userDocument(user));
  const state = user.active ? '' : ', who cannot log in';
  printNote(`${user.username} is ${user.role} of the tenant ${user.tenantId}${state}`);
}

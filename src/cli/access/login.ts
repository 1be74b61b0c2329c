import type { Command } from 'commander';
import { login, type Login } from '../../client/index.js';
import { AllSourceError, formatTimestamp } from '../../domain/index.js';
import { CliError } from '../failure.js';
import { addJsonFlag, addUrlFlag } from '../options.js';
import { printJson, printNote, writeOut } from '../output.js';
import { defaultUrl } from '../target/index.js';
import { readPassword } from './secretInput.js';

interface LoginFlags {
  readonly url?: string;
  readonly json?: true;
  readonly passwordFile?: string;
}

const examples = `
The token is printed alone, for the other commands:
  export ALLSOURCE_TOKEN=$(allsource login ada)
`;

export function addLoginCommand(program: Command): void {
  const command = program
    .command('login')
    .description('print a token of a server for a username and a password')
    .argument('<username>', 'who logs in')
    .option(
      '--password-file <file>',
      'read the password from a file (default: asked for, or stdin)',
    )
    .addHelpText('after', examples);
  addJsonFlag(addUrlFlag(command)).action(runLogin);
}

async function runLogin(username: string, flags: LoginFlags): Promise<void> {
  const password = await readPassword('password', { file: flags.passwordFile });
  const { token, expiresAt, user } = await attempt(flags.url ?? defaultUrl, username, password);
  const until = formatTimestamp(expiresAt);
  if (flags.json === true) {
    await printJson({ token, expires_at: until, role: user.role, tenant_id: user.tenantId });
    return;
  }
  printNote(`${user.username} is ${user.role} of the tenant ${user.tenantId} until ${until}`);
  await writeOut(`${token}\n`);
}

async function attempt(url: string, username: string, password: string): Promise<Login> {
  try {
    return await login(url, { username, password }, { retryForMs: 0 });
  } catch (error) {
    // What else is said of it is about tokens.
    if (error instanceof AllSourceError && error.code === 'unauthenticated') {
      throw new CliError(error.message, { cause: error });
    }
    throw error;
  }
}

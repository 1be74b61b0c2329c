import { Command, CommanderError } from 'commander';
import { addKeyCommand } from './access/key.js';
import { addLoginCommand } from './access/login.js';
import { addTenantCommand } from './access/tenant.js';
import { addUserCommand } from './access/user.js';
import { addAnalyticsCommand } from './analytics/analytics.js';
import { addSqlCommand } from './commands/sql.js';
import { addBackupCommand } from './backup/backup.js';
import { addCompactCommand } from './columnar/compact.js';
import { addConfigCommand } from './commands/config.js';
import { addExportCommand } from './columnar/export.js';
import { addRetentionCommand } from './columnar/retention.js';
import { addIngestCommand } from './commands/ingest.js';
import { addQueryCommand } from './commands/query.js';
import { addServeCommand } from './commands/serve.js';
import { addSnapshotCommand } from './commands/snapshot.js';
import { addStateCommand } from './commands/state.js';
import { addStatsCommand } from './commands/stats.js';
import { addTailCommand } from './commands/tail.js';
import { addVerifyCommand } from './commands/verify.js';
import { addConsumerCommand } from './delivery/consumer.js';
import { addWebhookCommand } from './delivery/webhook.js';
import { addPipelineCommand } from './derived/pipeline.js';
import { addProjectionCommand } from './derived/projection.js';
import { addReplayCommand } from './derived/replay.js';
import { exitUsage, reportFailure } from './failure.js';
import { addSchemaCommand } from './schema/schema.js';
import { packageVersion } from '../eventStore/index.js';

/**
 * Runs one command line (without the program's own name) and gives its exit code. What went wrong
 * stands on standard error as one sentence.
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    // Help and version end with 0; all else that commander throws is a bad command line.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitUsage;
    return reportFailure(error);
  }
}

function createProgram(): Command {
  const program = new Command('allsource')
    .description('event store: serve it over HTTP, or work on a server or a data directory')
    .version(packageVersion, '--version', 'print the version')
    .addHelpText('after', '\nexit codes: 0 ok, 1 failed, 2 bad command line or settings\n')
    // Behind a command --version is what the command says it is.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, 'allsource: ')),
    });
  const addCommands = [
    addServeCommand,
    addIngestCommand,
    addQueryCommand,
    addExportCommand,
    addTailCommand,
    addStateCommand,
    addSnapshotCommand,
    addStatsCommand,
    addAnalyticsCommand,
    addSqlCommand,
    addProjectionCommand,
    addReplayCommand,
    addPipelineCommand,
    addSchemaCommand,
    addConsumerCommand,
    addWebhookCommand,
    addBackupCommand,
    addCompactCommand,
    addRetentionCommand,
    addVerifyCommand,
    addLoginCommand,
    addUserCommand,
    addKeyCommand,
    addTenantCommand,
    addConfigCommand,
  ];
  for (const addCommand of addCommands) addCommand(program);
  program.showHelpAfterError('(see allsource --help)');
  return program;
}

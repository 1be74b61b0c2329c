import { AllSourceError, type ErrorCode } from '../domain/index.js';

/** What the process ends with: 0 is success. */
export const exitFailed = 1;
export const exitUsage = 2;

/**
 * A failure of the command line itself (a server that is not there, damage that was found); its
 * message is the sentence that the person reads.
 */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(message: string, options: ErrorOptions & { exitCode?: number } = {}) {
    super(message, options);
    this.exitCode = options.exitCode ?? exitFailed;
  }
}

/** Codes that mean that the person asked for something that cannot be asked for. */
const usageCodes: readonly ErrorCode[] = ['invalid_configuration', 'invalid_query'];

/** What to do about an error, where its own message cannot know it. */
const remedies: Readonly<Partial<Record<ErrorCode, string>>> = {
  store_locked:
    'stop the process that has it open, or read beside it with ' +
    '`allsource query|tail|state|stats|verify --data-dir DIR`',
  storage_damaged:
    '`allsource verify --data-dir DIR` shows what of the log is damaged, and `--repair truncate` cuts it ' +
    'there and keeps what was cut; `allsource compact --verify` looks at Parquet files',
  unauthenticated: 'put a token or an API key into ALLSOURCE_TOKEN; `allsource login` gives one',
  tenant_not_found: '`allsource tenant list` prints those that there are',
  user_not_found: '`allsource user list` prints those of a --tenant',
  api_key_not_found: '`allsource key list` prints those of a --tenant',
  backup_not_found: '`allsource backup list` prints those that there are',
  projection_not_found: '`allsource projection list` prints those of a --tenant',
  projection_state_not_found: '`allsource projection states` prints those that there are',
  replay_not_found: '`allsource replay list` prints those of a --tenant',
  pipeline_not_found: '`allsource pipeline list` prints those of a --tenant',
  schema_not_found: '`allsource schema list` prints the subjects of a --tenant',
  incompatible_schema: '`allsource schema check SUBJECT FILE` prints each breaking change',
  consumer_not_found: '`allsource consumer list` prints those of a --tenant',
  webhook_not_found: '`allsource webhook list` prints those of a --tenant',
  dead_letter_not_found: 'the command dead-letters prints those that there are',
  server_unreachable:
    'start a server with `allsource serve`, name another one with --url, or read a data ' +
    'directory with --data-dir',
};

export interface Failure {
  readonly sentence: string;
  readonly exitCode: number;
}

/** One sentence and the exit code for whatever was thrown. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof CliError) return { sentence: error.message, exitCode: error.exitCode };
  if (error instanceof AllSourceError) {
    const remedy = remedies[error.code];
    return {
      sentence: remedy === undefined ? error.message : `${error.message}; ${remedy}`,
      exitCode: usageCodes.includes(error.code) ? exitUsage : exitFailed,
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { sentence: message, exitCode: exitFailed };
}

/** `allsource: <sentence>` on standard error; the stack only with `ALLSOURCE_DEBUG` set. */
export function reportFailure(error: unknown): number {
  const { sentence, exitCode } = describeFailure(error);
  process.stderr.write(`allsource: ${sentence}\n`);
  if (process.env['ALLSOURCE_DEBUG'] && error instanceof Error) {
    process.stderr.write(`${error.stack ?? error.message}\n`);
  }
  return exitCode;
}

/** The system's code of an error (`ENOENT`, `EADDRINUSE`), also of its cause; or undefined. */
export function findSystemCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code)) {
    return error.code;
  }
  // With several addresses of one name (localhost), Node puts one error for each into a list.
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error.cause;
  return findSystemCode(inner);
}

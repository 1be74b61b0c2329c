import { resolve } from 'node:path';
import type { Command } from 'commander';
import { isLoopback, loadSettings, type Settings } from '../../config/index.js';
import { openEventStore, type EmbeddedStore } from '../../store/index.js';
import type { HttpServer, ListenOptions } from '../../server/index.js';
import { CliError, findSystemCode } from '../failure.js';
import { addJsonFlag, addSettingFlags, readSettingFlags } from '../options.js';
import { defaultUrl } from '../target/index.js';
import { parquetPolicyOf } from '../parquetPolicy.js';
import { formatCount, printNote } from '../output.js';
import { packageVersion } from '../../eventStore/index.js';

const stdoutDescriptor = 1;

interface ServeFlags {
  readonly json?: true;
}

export function addServeCommand(program: Command): void {
  const command = program
    .command('serve')
    .description('open the store and serve it over HTTP until SIGINT or SIGTERM');
  addSettingFlags(addJsonFlag(command)).action((flags: ServeFlags) => runServe(command, flags));
}

/** Resolves once the server listens; the process goes on until a signal stops it. */
async function runServe(command: Command, flags: ServeFlags): Promise<void> {
  const { settings } = loadSettings(readSettingFlags(command));
  // Loaded here, so that the other commands do not wait for Express.
  const { createLogger, listen, stopOnSignals } = await import('../../server/index.js');
  const logger = createLogger({ level: settings.logLevel, descriptor: stdoutDescriptor });
  const store = await openEventStore(toOpenOptions(settings));
  let server: HttpServer;
  try {
    server = await listen(store, { ...toListenOptions(settings), logger });
  } catch (error) {
    await store.close();
    throw explainBinding(error, settings);
  }
  stopOnSignals({
    close: async () => {
      await server.close();
      await store.close();
      logger.info('stopped');
    },
    onSignal: (signal) => logger.info({ signal }, 'stopping'),
    onError: (error) => logger.error({ err: error }, 'the store could not be closed cleanly'),
  });
  const { durability, watermark, damage } = store;
  logger.info(
    { url: server.url, data_dir: describePlace(settings), durability, watermark },
    'listening',
  );
  if (damage !== null) logger.error({ damage }, 'the log is damaged: reads only');
  if (!flags.json) printNote(describeStart(server, store, settings));
  printDamage(store, settings);
}

function toOpenOptions(settings: Settings) {
  const { memory, dataDir, durability } = settings;
  const { segmentBytesMax, queueBytesMax, cacheBytesMax } = settings;
  const { allowPrivateLookups } = settings;
  const place = memory ? { memory } : { dataDir, durability };
  const snapshots = {
    automatic: settings.snapshotsAutomatic,
    eventThreshold: settings.snapshotsEventThreshold,
    timeThresholdSeconds: settings.snapshotsTimeThresholdSeconds,
    perEntityMax: settings.snapshotsPerEntityMax,
  };
  const backups = {
    ...(settings.backupDirectory !== '' && { directory: settings.backupDirectory }),
    everyHours: settings.backupEveryHours,
    fullEvery: settings.backupFullEvery,
    keep: settings.backupKeep,
  };
  const bytes = { segmentBytesMax, queueBytesMax, cacheBytesMax };
  const sql = {
    memoryMb: settings.sqlMemoryMb,
    threads: settings.sqlThreads,
    timeoutMs: settings.sqlTimeoutMs,
  };
  const parquet = parquetPolicyOf(settings);
  const retention = {
    automatic: settings.retentionAutomatic,
    intervalSeconds: settings.retentionIntervalSeconds,
  };
  const columnar = { parquet, retention, sql };
  const { passwordCharactersMin } = settings;
  const other = { allowPrivateLookups, passwordCharactersMin };
  return { ...place, ...bytes, snapshots, backups, ...columnar, ...other };
}

function toListenOptions(settings: Settings) {
  const { host, port, insecureNoAuth, requestTimeoutMs, connectionsMax } = settings;
  const { eventBodyBytesMax, batchBodyBytesMax, allowPrivateWebhooks, trustedProxies } = settings;
  const bodies = { eventBodyBytesMax, batchBodyBytesMax };
  const limits = { requestTimeoutMs, connectionsMax, ...bodies };
  const auth = authOf(settings);
  return { host, port, insecureNoAuth, auth, allowPrivateWebhooks, trustedProxies, ...limits };
}

function authOf(settings: Settings): ListenOptions['auth'] {
  const { authMode, jwtSecret, adminPassword, tokenLifeSeconds, issuer, jwksUrl } = settings;
  const { host, insecureNoAuth, audience } = settings;
  if (authMode === 'off' || insecureNoAuth) return false;
  if (authMode === 'auto' && isLoopback(host)) return false;
  return {
    tokenLifeSeconds,
    ...(jwtSecret !== '' && { jwtSecret }),
    ...(adminPassword !== '' && { adminPassword }),
    ...(issuer !== '' && {
      issuer: { issuer, jwks: jwksUrl, ...(audience !== '' && { audience }) },
    }),
  };
}

const durabilityMeanings = {
  sync: 'sync: an append is acknowledged after fdatasync',
  async: 'async: an append is acknowledged after the write, synced at most 50 ms later',
  memory: 'memory: nothing is on disk, all is gone when the server ends',
} as const;

function describeStart(server: HttpServer, store: EmbeddedStore, settings: Settings): string {
  const { url, isOpen } = server;
  const reachable = url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
  const urlFlag = reachable === defaultUrl ? '' : ` --url ${reachable}`;
  const token = isOpen ? '' : ' -H "authorization: Bearer $ALLSOURCE_TOKEN"';
  const event = '{"event_type":"user.created","entity_id":"user-1","payload":{"name":"Ada"}}';
  return [
    `allsource ${packageVersion} listens on ${url}`,
    `data        ${describePlace(settings)}, ${formatCount(store.watermark)} events`,
    `durability  ${durabilityMeanings[store.durability]}`,
    '',
    ...(isOpen
      ? []
      : ['Log in:', `  export ALLSOURCE_TOKEN=$(allsource login admin${urlFlag})`, '']),
    'Append an event, query it, and get the state of its entity:',
    `  curl ${reachable}/api/v1/events${token} -H 'content-type: application/json' -d '${event}'`,
    `  curl '${reachable}/api/v1/events/query?entity_id=user-1'${token}`,
    `  curl ${reachable}/api/v1/entities/user-1/state${token}`,
    '',
  ].join('\n');
}

function describePlace({ memory, dataDir }: Settings): string {
  return memory ? 'in memory' : resolve(dataDir);
}

function printDamage({ damage }: EmbeddedStore, { dataDir }: Settings): void {
  if (damage === null) return;
  printNote(
    `allsource: the log is damaged in ${damage.file} at byte ${damage.offset}: ${damage.reason}; ` +
      'what lies before it is served, appends are refused; stop the server and see ' +
      `\`allsource verify --data-dir ${dataDir}\``,
  );
}

/** Why the address cannot be listened on, in words that name the flags. */
function explainBinding(error: unknown, { host, port }: Settings): unknown {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE:
      `port ${port} on ${host} is taken by another process; stop that one, or choose another ` +
      'port with --port (0 takes a free one)',
    EACCES: `port ${port} needs more rights than this user has; choose one from 1024 with --port`,
    EADDRNOTAVAIL: `${host} is no address of this machine; choose another one with --host`,
    ENOTFOUND: `there is no host ${host}; choose an address with --host`,
  };
  const reason = reasons[findSystemCode(error) ?? ''];
  return reason === undefined ? error : new CliError(reason, { cause: error });
}

import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';

import { makeOrder, makeRandom } from '../input/order.mjs';

const connectionsMax = 200;
const database = 'postgres';

/**
 * PostgreSQL on a socket in the data directory, `synchronous_commit = on`, one INSERT a transaction
 * from `inFlight` connections of pgbench, with an index by entity.
 *
 * @param {{dataDir: string, inFlight: number, warmUpSeconds: number, seconds: number}} options
 */
export async function run({ dataDir, inFlight, warmUpSeconds, seconds }) {
  if (inFlight > connectionsMax) {
    return { value: 0, skipped: `a connection each: at most ${connectionsMax} at a time` };
  }
  const account = findAccount();
  const programs = findPrograms();
  if (programs === null || account === null) {
    return {
      value: 0,
      skipped: 'initdb, pg_ctl and pgbench, or an account to run them, are missing',
    };
  }
  if (account.name !== null) {
    chmodSync(dirname(dataDir), 0o711);
    chownSync(dataDir, account.uid, account.gid);
  }
  const call = (/** @type {string} */ name, /** @type {string[]} */ ...args) =>
    runAs(account.name, join(programs, name), args, dataDir);
  const cluster = join(dataDir, 'cluster');
  call('initdb', '-D', cluster, '-A', 'trust', '--no-sync');
  const settings = `-k ${dataDir} -c listen_addresses= -c max_connections=${connectionsMax + 10}`;
  call('pg_ctl', '-D', cluster, '-l', join(dataDir, 'log.txt'), '-o', settings, '-w', 'start');
  try {
    call('psql', '-h', dataDir, '-d', database, '-c', tableText());
    const script = join(dataDir, 'insert.sql');
    writeFileSync(script, insertText());
    const load = (/** @type {number} */ duration) =>
      call(
        'pgbench',
        '-h',
        dataDir,
        '-n',
        '-M',
        'prepared',
        '-c',
        String(inFlight),
        '-j',
        String(Math.min(2, inFlight)),
        '-T',
        String(Math.max(1, Math.round(duration))),
        '-f',
        script,
        database,
      );
    load(warmUpSeconds);
    return { value: readRate(load(seconds)), extra: {} };
  } finally {
    call('pg_ctl', '-D', cluster, '-m', 'immediate', 'stop');
  }
}

function tableText() {
  return `CREATE TABLE events (position bigserial PRIMARY KEY, entity_id text NOT NULL,
    event_type text NOT NULL, payload jsonb NOT NULL, recorded timestamptz NOT NULL DEFAULT now());
    CREATE INDEX events_by_entity ON events (entity_id, position);`;
}

function insertText() {
  const { eventType, payload } = makeOrder(makeRandom(12));
  // pgbench takes `:word` for a variable, inside of a literal too.
  const json = JSON.stringify(payload).replaceAll(':', ': ');
  return `\\set entity random(0, 9999)
INSERT INTO events (entity_id, event_type, payload)
  VALUES ('order-' || :entity, '${eventType}', '${json}');
`;
}

/** @param {string} report */
function readRate(report) {
  const rate = /^tps = ([\d.]+)/m.exec(report)?.[1];
  if (rate === undefined) throw new Error(`pgbench: expected a line "tps = …", got ${report}`);
  return Number(rate);
}

/** The directory of the server's programs, or null. */
function findPrograms() {
  try {
    const directory = execFileSync('pg_config', ['--bindir'], { encoding: 'utf8' }).trim();
    execFileSync(join(directory, 'pgbench'), ['--version'], { stdio: 'ignore' });
    return directory;
  } catch {
    return null; // not installed, or only the client
  }
}

/** PostgreSQL refuses to run as root: then the account `postgres` has to be there. */
function findAccount() {
  if (process.getuid?.() !== 0) return { name: null, uid: 0, gid: 0 };
  try {
    const id = (/** @type {string} */ flag) =>
      Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
    return { name: 'postgres', uid: id('-u'), gid: id('-g') };
  } catch {
    return null;
  }
}

/**
 * @param {string | null} account null = this one
 * @param {string} program
 * @param {string[]} args
 * @param {string} cwd
 */
function runAs(account, program, args, cwd) {
  const line =
    account === null ? [program, ...args] : ['runuser', '-u', account, '--', program, ...args];
  const [command = program, ...rest] = line;
  // pg_ctl leaves its server behind with our pipes: it must not get one to hold.
  const stdout = program.endsWith('pg_ctl') ? 'ignore' : 'pipe';
  return execFileSync(command, rest, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', stdout, 'ignore'],
  });
}

// A server of PostgreSQL in a temporary folder, on a socket there: for the tests of one run.
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const installations = '/usr/lib/postgresql';

/** Stops it as a crash does, or as it should be. */
type StopMode = 'immediate' | 'fast';

export class PostgresServer {
  /** Where its socket is: `host` of a connection. */
  readonly folder: string;
  readonly #account = serverAccount();
  readonly #programs = programsFolder();

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'allsource-postgres-'));
    if (this.#account !== null) chownSync(this.folder, this.#account.uid, this.#account.gid);
    chmodSync(this.folder, 0o755);
    this.#run('initdb', '-A', 'trust', '-U', 'postgres', '--encoding=UTF8', '--locale=C.UTF-8');
    this.start();
  }

  start(): void {
    const settings = `-k ${this.folder} -c listen_addresses= -c max_connections=50`;
    this.#run('pg_ctl', '-l', join(this.folder, 'log.txt'), '-o', settings, '-w', 'start');
  }

  stop(mode: StopMode): void {
    this.#run('pg_ctl', '-m', mode, '-w', 'stop');
  }

  /** Stops it and removes all that it has. */
  remove(): void {
    this.stop('immediate');
    rmSync(this.folder, { recursive: true, force: true });
  }

  #run(program: string, ...args: string[]): void {
    const line = [join(this.#programs, program), '-D', join(this.folder, 'cluster'), ...args];
    if (this.#account !== null) line.unshift('runuser', '-u', this.#account.name, '--');
    const [command = '', ...rest] = line;
    // pg_ctl leaves its server behind with our pipes: it must not get one to hold.
    const output = program === 'pg_ctl' ? 'ignore' : 'pipe';
    execFileSync(command, rest, { cwd: this.folder, stdio: ['ignore', output, output] });
  }
}

/** PostgreSQL refuses to run as root: then the account of the Debian package is taken. */
function serverAccount(): { name: string; uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const name = 'postgres';
  const id = (flag: string): number => Number(execFileSync('id', [flag, name]));
  return { name, uid: id('-u'), gid: id('-g') };
}

function programsFolder(): string {
  const versions = existsSync(installations) ? readdirSync(installations) : [];
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  if (newest !== undefined) return join(installations, newest, 'bin');
  throw new Error(`${installations}: no PostgreSQL; apt-get install postgresql`);
}

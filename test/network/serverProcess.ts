import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Random } from '../crash/random.js';

const serverFile = fileURLToPath(new URL('server.mjs', import.meta.url));
const streamPingMs = 200;
/** Below those that a system gives to outgoing connections, which would take it while it is free. */
const firstPort = 20_000;
const ports = 12_000;
const portsTried = 20;

/** A server process that is killed and started again on the same port and directory. */
export class ServerProcess {
  readonly port: number;
  readonly #dataDir: string;
  #child: ChildProcess | undefined;
  #kills = 0;

  private constructor(dataDir: string, port: number) {
    this.#dataDir = dataDir;
    this.port = port;
  }

  static async start(dataDir: string, random: Random): Promise<ServerProcess> {
    for (let attempt = 0; attempt < portsTried; attempt += 1) {
      const server = new ServerProcess(dataDir, firstPort + random(ports));
      if (await server.#start()) return server;
    }
    throw new Error(`none of ${portsTried} ports is free`);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Begun ones too: what was told before may be forgotten from then on. */
  get kills(): number {
    return this.#kills;
  }

  async kill(): Promise<void> {
    this.#kills += 1;
    await this.stop();
  }

  async restart(): Promise<void> {
    if (!(await this.#start())) throw new Error(`somebody took port ${this.port}`);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** False where the port is taken. */
  async #start(): Promise<boolean> {
    const args = [serverFile, this.#dataDir, String(this.port), String(streamPingMs)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (piece: string) => (errors += piece));
    const ended = once(child, 'exit').then(() => {
      throw new Error(`the server ended by itself: ${errors}`);
    });
    ended.catch(() => undefined);
    const told = once(child.stdout, 'data').then(([data]) => String(data).trim());
    const isReady = (await Promise.race([told, ended])) === 'ready';
    if (!isReady) await once(child, 'exit');
    return isReady;
  }
}

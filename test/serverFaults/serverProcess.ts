import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Installation } from './installation.js';

const serverFile = fileURLToPath(new URL('server.mjs', import.meta.url));
const segmentBytes = 64 * 1024;
/** Under sanitizers, and beside much else, a start takes half a minute. */
const deadlineMs = 240_000;

export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  readonly errors: string;
}

/** A server that was started, and either listens or has ended. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<Ending>;
  #errors = '';
  #hangs = false;

  constructor(
    installation: Installation,
    { dataDir, env }: { dataDir: string; env: Readonly<Record<string, string>> },
  ) {
    const args = [serverFile, installation.root, dataDir, String(segmentBytes)];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '', ...installation.env, ...env },
    });
    this.#child = child;
    child.stderr.setEncoding('utf8').on('data', (piece: string) => (this.#errors += piece));
    this.#ended = once(child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as string | null,
      errors: this.#hangs ? `it did nothing for ${deadlineMs} ms` : this.#errors,
    }));
  }

  /** Its address, or how it ended where it did not start. */
  async started(): Promise<string | Ending> {
    const timer = setTimeout(() => this.#giveUp(), deadlineMs);
    const address = new Promise<string>((resolve) => {
      this.#child.stdout?.setEncoding('utf8').on('data', (piece: string) => resolve(piece.trim()));
    });
    try {
      return await Promise.race([address, this.#ended]);
    } finally {
      clearTimeout(timer);
    }
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<Ending> {
    this.#child.kill(signal);
    const timer = setTimeout(() => this.#giveUp(), deadlineMs);
    const ending = await this.#ended;
    clearTimeout(timer);
    return ending;
  }

  #giveUp(): void {
    this.#hangs = true;
    this.#child.kill('SIGABRT');
  }
}

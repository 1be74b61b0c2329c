import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';

import { Violation } from './model.mjs';

const mainFile = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');
/** Longer than a machine takes that others keep busy, shorter than a hang. */
const startDeadlineMs = 300_000;
const stopDeadlineMs = 300_000;
const stderrCharsMax = 8_000;
const errorLevel = 50;
/** Small, so that seals, merges and evictions come all the time. */
const storeFlags = ['--segment-bytes-max', '1MiB', '--cache-bytes-max', '16MiB'];

/** One `allsource serve` after another over the same directory. */
export class ServerUnderTest {
  url = '';
  /** When the process that runs now was started, on the clock of `performance`. */
  startedAt = 0;
  #dataDir;
  /** @type {import('node:child_process').ChildProcess | null} */
  #child = null;
  #stderr = '';
  /** What ended the process while nobody asked for it, or an error that it logged. */
  #fault = '';
  #isWanted = false;
  /** @type {(() => void)[]} */
  #waiting = [];

  /** @param {string} dataDir */
  constructor(dataDir) {
    this.#dataDir = dataDir;
  }

  get isUp() {
    return this.url !== '';
  }

  get pid() {
    return this.#child?.pid ?? 0;
  }

  /**
   * Resolves when a process listens.
   *
   * @returns {Promise<void>}
   */
  async whenUp() {
    while (!this.isUp) await new Promise((resolve) => this.#waiting.push(() => resolve(null)));
  }

  /**
   * Starts a process and waits until it listens.
   *
   * @param {{killAfterMs?: number}} [how] killed so long after the start, should it listen or not
   * @returns {Promise<number>} milliseconds from the start until it listened
   */
  async start({ killAfterMs } = {}) {
    this.#spawn();
    const { startedAt } = this;
    const child = this.#child;
    if (killAfterMs !== undefined && child !== null) {
      const timer = setTimeout(() => this.kill(), killAfterMs);
      child.once('exit', () => clearTimeout(timer));
    }
    while (!this.isUp && this.#isWanted) {
      this.throwFault();
      if (performance.now() - startedAt > startDeadlineMs) {
        throw new Violation(`the server did not listen within ${startDeadlineMs} ms`);
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return performance.now() - startedAt;
  }

  /** Leaves no process behind when the driver itself is ended. */
  killNow() {
    this.#isWanted = false;
    this.#child?.kill('SIGKILL');
  }

  /** SIGKILL, and the end of the process awaited. */
  async kill() {
    await this.#end('SIGKILL');
  }

  /** SIGTERM: has to end by itself, with code 0. */
  async stop() {
    const child = this.#child;
    const timer = setTimeout(() => child?.kill('SIGKILL'), stopDeadlineMs);
    await this.#end('SIGTERM');
    clearTimeout(timer);
    if (child !== null && child.exitCode !== 0) {
      throw new Violation(
        `after SIGTERM the server ended with ${child.exitCode ?? child.signalCode}\n${this.#stderr}`,
      );
    }
  }

  throwFault() {
    if (this.#fault !== '') throw new Violation(`${this.#fault}\n${this.#stderr}`);
  }

  #spawn() {
    this.#isWanted = true;
    this.startedAt = performance.now();
    const flags = ['serve', '--port', '0', '--json', '--data-dir', this.#dataDir, ...storeFlags];
    const child = spawn(process.execPath, [mainFile, ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '' },
    });
    this.#child = child;
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#readLog(line);
    });
    child.stderr.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      this.#stderr = (this.#stderr + text).slice(-stderrCharsMax);
    });
    child.once('exit', (code, signal) => {
      this.url = '';
      if (this.#isWanted) this.#fault = `the server ended by itself with ${code ?? signal}`;
    });
  }

  /** @param {string} line */
  #readLog(line) {
    if (!line.startsWith('{')) return;
    const record = JSON.parse(line);
    if (record.msg === 'listening' && this.#isWanted) {
      this.url = record.url;
      for (const wake of this.#waiting.splice(0)) wake();
    }
    if (record.level >= errorLevel) this.#fault = `the server logged an error: ${line}`;
  }

  /** @param {'SIGKILL' | 'SIGTERM'} signal */
  async #end(signal) {
    const child = this.#child;
    this.#isWanted = false;
    this.url = '';
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }

  /** Resident memory and open descriptors of the process, or null where it has just ended. */
  sample() {
    try {
      const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
      const megabytes = (/** @type {string} */ key) => {
        const kibibytes = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
        return (Number(kibibytes) * 1024) / 1e6;
      };
      const descriptors = readdirSync(`/proc/${this.pid}/fd`).length;
      const rssMB = megabytes('VmRSS');
      return Number.isNaN(rssMB) ? null : { rssMB, ownMB: megabytes('RssAnon'), descriptors };
    } catch {
      return null; // killed between two looks
    }
  }
}

/**
 * Runs `allsource verify` over a directory that no server has open.
 *
 * @param {string} dataDir
 */
export async function verifyStore(dataDir) {
  const child = spawn(process.execPath, [mainFile, 'verify', '--data-dir', dataDir], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      output = (output + text).slice(-stderrCharsMax);
    });
  }
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Violation(`verify ended with ${code}: ${output}`);
}

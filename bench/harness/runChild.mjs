import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const timeoutMsDefault = 120_000;
const stderrCharsMax = 4_000;

/**
 * What a bench answers with.
 *
 * @typedef {object} Answer
 * @property {number} value in the unit of the bench
 * @property {number} [peer] the same quantity of the peer, where it was measured in the same
 *   process
 * @property {Record<string, unknown>} [extra] what helps to understand the value
 * @property {string} [skipped] why nothing was measured, where what is needed is not installed
 */

/**
 * Runs `run` of a module in a process of its own, so that no bench warms or dirties another.
 *
 * @param {string} modulePath absolute
 * @param {object} options handed over as JSON
 * @param {{signal?: AbortSignal, profileDir?: string | null, timeoutMs?: number}} [how]
 * @returns {Promise<Answer>}
 */
export async function runChild(
  modulePath,
  options,
  { signal, profileDir = null, timeoutMs = timeoutMsDefault } = {},
) {
  const child = fork(
    join(import.meta.dirname, 'child.mjs'),
    [modulePath, JSON.stringify(options)],
    {
      execArgv: profileDir === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      killSignal: 'SIGKILL',
      timeout: timeoutMs,
      ...(signal === undefined ? {} : { signal }),
    },
  );
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    stderr = (stderr + text).slice(-stderrCharsMax);
  });
  /** @type {Answer | undefined} */
  let answer;
  child.once('message', (message) => {
    answer = /** @type {Answer} */ (message);
  });
  const [code, killedBy] = await once(child, 'close');
  if (answer !== undefined && code === 0) return answer;
  const end = killedBy === null ? `exit code ${code}` : `signal ${killedBy}`;
  throw new Error(`the bench process ended with ${end} and no answer\n${stderr.trim()}`);
}

import { readFileSync, readdirSync } from 'node:fs';

/**
 * Milliseconds that the threads of this process were ready to run but had to wait for a core, since
 * they began. Null where the system does not tell (it is Linux that does).
 */
export function readRunQueueWaitMs() {
  try {
    const tasks = readdirSync('/proc/self/task');
    const waits = tasks.map((task) => {
      const [, waitNs] = readFileSync(`/proc/self/task/${task}/schedstat`, 'utf8').split(' ');
      return Number(waitNs) / 1e6;
    });
    return waits.reduce((sum, wait) => sum + wait, 0);
  } catch {
    return null; // another system, or a thread that ended between the two reads
  }
}

import process from 'node:process';

/**
 * The first signal ends the child under way and the run; the process takes its files with it.
 *
 * @returns {AbortSignal}
 */
export function abortOnSignal() {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => controller.abort());
  return controller.signal;
}

import { CliError } from './failure.js';
import { startProgress } from './progress.js';
import type { ProgressState } from './progress.js';

/** What work tells how far it is, and is ended by. */
export interface Watch<P> {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: P) => void;
}

export interface WatchOptions<P> {
  readonly label: string;
  readonly stateOf: (progress: P) => ProgressState;
  /** What a person is told who interrupts. */
  readonly interrupted: string;
}

/** Shows how far the work is, and ends it where the person interrupts. */
export async function watched<P, T>(
  { label, stateOf, interrupted }: WatchOptions<P>,
  work: (watch: Watch<P>) => Promise<T>,
): Promise<T> {
  return interruptible(interrupted, async (signal) => {
    const progress = startProgress(label);
    const onProgress = (told: P): void => progress.update(stateOf(told));
    try {
      return await work({ signal, onProgress });
    } finally {
      progress.stop();
    }
  });
}

const signals = ['SIGINT', 'SIGTERM'] as const;

/** Ends work where the person interrupts, so that it can clean up; a second time ends the process. */
export async function interruptible<T>(
  interrupted: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort();
  for (const name of signals) process.once(name, onInterrupt);
  try {
    return await work(interrupt.signal);
  } catch (error) {
    if (interrupt.signal.aborted) throw new CliError(interrupted);
    throw error;
  } finally {
    for (const name of signals) process.off(name, onInterrupt);
  }
}

/** Some work, unless the signal comes first; then nobody waits for it any more. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => undefined);
  signal.throwIfAborted();
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** The same items until the signal ends them: also while the next one is waited for. */
export async function* untilAborted<T>(
  items: AsyncIterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (;;) {
      const item = await orAborted(iterator.next(), signal);
      if (item.done === true) return;
      yield item.value;
    }
  } finally {
    // What is under way may take long.
    iterator.return?.().catch(() => undefined);
  }
}

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
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort();
  process.once('SIGINT', onInterrupt);
  const progress = startProgress(label);
  const onProgress = (told: P): void => progress.update(stateOf(told));
  try {
    return await work({ signal: interrupt.signal, onProgress });
  } catch (error) {
    if (interrupt.signal.aborted) throw new CliError(interrupted);
    throw error;
  } finally {
    progress.stop();
    process.off('SIGINT', onInterrupt);
  }
}

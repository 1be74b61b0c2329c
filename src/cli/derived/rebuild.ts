import { setTimeout as wait } from 'node:timers/promises';
import type { ProjectionHandle } from '../../projections/index.js';
import { formatCount, printNote } from '../output.js';
import { startProgress, type Progress } from '../progress.js';

const lookMs = 200;

/**
 * Builds the states of a projection anew, and shows how far that is. A server goes on by itself where
 * this process is interrupted.
 */
export async function rebuild(handle: ProjectionHandle): Promise<void> {
  const { done } = await handle.beginRebuild();
  const end = new AbortController();
  const progress = startProgress('rebuild');
  const watching = watch(handle, progress, end.signal);
  try {
    const { different } = await done;
    if (different.length > 0) {
      printNote(
        `states of ${formatCount(different.length)} keys are others than before, such as of ` +
          `${JSON.stringify(different[0])}: the handlers are not pure, or a state was damaged`,
      );
    }
  } finally {
    end.abort();
    await watching;
    progress.stop();
  }
}

async function watch(
  handle: ProjectionHandle,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    // Whoever waits for the end is told what is wrong.
    const info = await handle.info().catch(() => undefined);
    const rebuilding = info?.rebuild;
    if (rebuilding) {
      const { position, goal } = rebuilding;
      const text = `${formatCount(position)} of ${formatCount(goal)} positions`;
      progress.update({ done: position, total: goal, text });
    }
    await wait(lookMs, undefined, { signal }).catch(() => undefined);
  }
}

import type { BackupJobOptions } from '../../backups/index.js';
import { CliError } from '../failure.js';
import { formatBytes } from '../output.js';
import { startProgress } from '../progress.js';

/** Shows how far the work is, and ends it where the person interrupts. */
export async function watched<T>(
  label: string,
  work: (watch: BackupJobOptions) => Promise<T>,
): Promise<T> {
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort();
  process.once('SIGINT', onInterrupt);
  const progress = startProgress(label);
  try {
    return await work({
      signal: interrupt.signal,
      onProgress: ({ bytesDone, bytesTotal }) => {
        const text = `${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}`;
        progress.update({ done: bytesDone, total: bytesTotal, text });
      },
    });
  } catch (error) {
    if (interrupt.signal.aborted) throw new CliError('interrupted');
    throw error;
  } finally {
    progress.stop();
    process.off('SIGINT', onInterrupt);
  }
}

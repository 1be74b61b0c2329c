import type { BackupProgress } from '../../backups/index.js';
import { formatBytes } from '../output.js';
import { watched } from '../watched.js';
import type { Watch } from '../watched.js';

/** `watched` for work that tells bytes. */
export function watchedBytes<T>(
  label: string,
  work: (watch: Watch<BackupProgress>) => Promise<T>,
): Promise<T> {
  const stateOf = ({ bytesDone, bytesTotal }: BackupProgress) => ({
    done: bytesDone,
    total: bytesTotal,
    text: `${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}`,
  });
  return watched({ label, stateOf, interrupted: 'interrupted' }, work);
}

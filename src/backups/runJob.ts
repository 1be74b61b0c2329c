import { abortedError } from '../domain/index.js';
import { fromNative, loadAddon } from '../engine/index.js';
import type { NativeJob } from '../engine/index.js';
import type { BackupJobOptions } from './types.js';

const progressIntervalMs = 100;

/** Runs work of the engine on a thread of its own; tells how far it is, and ends it with the signal. */
export async function runJob<T>(
  { onProgress, signal }: BackupJobOptions,
  work: (job: NativeJob) => Promise<T>,
): Promise<T> {
  if (signal?.aborted) throw abortedError();
  const { Job } = loadAddon();
  const job = new Job();
  const cancel = (): void => job.cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  const numbers = new Float64Array(2);
  const report = (): void => {
    job.progress(numbers);
    onProgress?.({ bytesDone: numbers[0] ?? 0, bytesTotal: numbers[1] ?? 0 });
  };
  const timer = onProgress ? setInterval(report, progressIntervalMs) : undefined;
  try {
    const answer = await work(job);
    signal?.throwIfAborted();
    report();
    return answer;
  } catch (error) {
    throw signal?.aborted ? abortedError() : fromNative(error);
  } finally {
    clearInterval(timer);
    signal?.removeEventListener('abort', cancel);
  }
}

import { fromNative } from '../engine/index.js';
import type { NativeStore } from '../engine/index.js';
import type { VerifyProgress, VerifyReport } from './types.js';
import { abortedError } from './watermark.js';

const progressIntervalMs = 100;

/** Runs the engine's check of the whole log on its pool and reports how far it is. */
export async function runVerify(
  native: NativeStore,
  options: {
    onProgress?: ((progress: VerifyProgress) => void) | undefined;
    signal?: AbortSignal | undefined;
  },
): Promise<VerifyReport> {
  const { onProgress, signal } = options;
  if (signal?.aborted) throw abortedError();
  const cancel = (): void => native.cancelVerify();
  signal?.addEventListener('abort', cancel, { once: true });
  const numbers = new Float64Array(2);
  const report = (): void => {
    native.verifyProgress(numbers);
    onProgress?.({ bytesDone: numbers[0] ?? 0, bytesTotal: numbers[1] ?? 0 });
  };
  const timer = onProgress ? setInterval(report, progressIntervalMs) : undefined;
  try {
    const { events, bytes, files } = await native.verify();
    signal?.throwIfAborted();
    report();
    const reports = files.map((file) => ({ ...file, ok: file.damage === null }));
    return { ok: reports.every((file) => file.ok), events, bytes, files: reports };
  } catch (error) {
    throw signal?.aborted ? abortedError() : fromNative(error);
  } finally {
    clearInterval(timer);
    signal?.removeEventListener('abort', cancel);
  }
}

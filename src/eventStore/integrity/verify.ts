import { abortedError } from '../../domain/index.js';
import { fromNative } from '../../engine/index.js';
import type { NativeStore } from '../../engine/index.js';
import { checkedLimit } from '../read/query.js';
import type { VerifyOptions, VerifyReport } from '../types.js';

const progressIntervalMs = 100;

/** Runs the engine's check of the log on threads of its own and reports how far it is. */
export async function runVerify(
  native: NativeStore,
  { sincePosition = 1, onProgress, signal }: VerifyOptions,
  watermark: number,
): Promise<VerifyReport> {
  // An empty log can be checked from its beginning, as when nothing is said.
  checkedLimit(sincePosition, 1, Math.max(watermark, 1), 'since_position');
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
    const { events, bytes, files } = await native.verify(sincePosition);
    signal?.throwIfAborted();
    report();
    const reports = files.map((file) => ({ ...file, ok: file.damage === null }));
    const ok = reports.every((file) => file.ok || file.kind === 'index');
    return { ok, events, bytes, files: reports };
  } catch (error) {
    throw signal?.aborted ? abortedError() : fromNative(error);
  } finally {
    clearInterval(timer);
    signal?.removeEventListener('abort', cancel);
  }
}

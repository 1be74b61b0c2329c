import { on, once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { AllSourceError, abortedError, builtModule } from '../../domain/index.js';
import type { FromThread, Job, JobKind, Jobs, ToThread } from './jobs.js';

interface RunOptions {
  readonly onRows?: ((rows: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What comes of a job, thing by thing: it runs on a thread of its own, and goes on once the caller has
 * done with a result. The thread has ended, and its memory is free, when the iteration has.
 */
export async function* runInThread<K extends JobKind>(
  kind: K,
  job: Omit<Extract<Job, { kind: K }>, 'kind'>,
  { onRows, signal }: RunOptions = {},
): AsyncGenerator<Jobs[K]['result']> {
  if (signal?.aborted === true) throw abortedError();
  const worker = new Worker(builtModule(import.meta.url, './parquetWorker.js'), {
    workerData: { ...job, kind },
  });
  const send = (message: ToThread): void => worker.postMessage(message);
  const stop = (): void => send('stop');
  const ended = once(worker, 'exit');
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for await (const [message] of on(worker, 'message', { close: ['exit'] })) {
      const said = message as FromThread;
      if (said.kind === 'rows') onRows?.(said.rows);
      else if (said.kind === 'failed') throw new AllSourceError(said.code, said.message);
      else if (said.kind === 'end') return;
      else {
        // It is of the kind that was asked for.
        yield said.result as Jobs[K]['result'];
        send('next');
      }
    }
    throw new AllSourceError('internal_error', 'the thread of Parquet files ended by itself');
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
    await ended;
  }
}

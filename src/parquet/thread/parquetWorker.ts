import { parentPort, workerData } from 'node:worker_threads';
import { AllSourceError } from '../../domain/index.js';
import type { ErrorCode } from '../../domain/index.js';
import { letOthersGoFirst } from '../../eventStore/index.js';
import { storageError } from '../../files/index.js';
import { checkFiles } from './checkFiles.js';
import { cutFile } from './cutFile.js';
import type { FromThread, Job, JobContext, ToThread } from './jobs.js';
import { measureRanges } from './measureRanges.js';
import { mergeFiles } from './mergeFiles.js';
import { scanFiles } from './scanFiles.js';
import { writeRanges } from './writeRanges.js';

// The thread of parquetThread.ts.

const stop = new AbortController();
let goOn: (() => void) | undefined;

function send(message: FromThread): void {
  parentPort?.postMessage(message);
}

parentPort?.on('message', (message: ToThread) => {
  if (message === 'stop') stop.abort();
  goOn?.();
});

function resultsOf(job: Job, context: JobContext): AsyncIterable<unknown> {
  switch (job.kind) {
    case 'write':
      return writeRanges(job, context);
    case 'merge':
      return mergeFiles(job, context);
    case 'cut':
      return cutFile(job, context);
    case 'check':
      return checkFiles(job, context);
    case 'measure':
      return measureRanges(job, context);
    case 'scan':
      return scanFiles(job, context);
  }
}

async function run(job: Job): Promise<void> {
  const context = { signal: stop.signal, onRows: (rows: number) => send({ kind: 'rows', rows }) };
  for await (const result of resultsOf(job, context)) {
    const toGoOn = new Promise<void>((resolve) => (goOn = resolve));
    send({ kind: 'result', result });
    await toGoOn;
    stop.signal.throwIfAborted();
  }
  send({ kind: 'end' });
}

const aborted = { code: 'aborted', message: 'aborted' } as const;

function reasonOf(error: unknown): { readonly code: ErrorCode; readonly message: string } {
  const failure = storageError(error);
  const code = failure instanceof AllSourceError ? failure.code : 'internal_error';
  return { code, message: failure instanceof Error ? failure.message : String(failure) };
}

async function main(): Promise<void> {
  letOthersGoFirst('thread');
  try {
    await run(workerData as Job);
  } catch (error) {
    send({ kind: 'failed', ...(stop.signal.aborted ? aborted : reasonOf(error)) });
  }
  parentPort?.close();
}

void main();

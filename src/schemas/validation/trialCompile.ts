import { Worker } from 'node:worker_threads';
import { AllSourceError } from '../../domain/index.js';
import type { JsonSchema } from '../jsonSchema.js';
import { trialHeapMiB, trialStackMiB, trialTimeoutMs } from './limits.js';
import { refuseFor } from './document/refusal.js';

export interface TrialOptions {
  /** Name of the schema in messages. @default 'schema' */
  readonly field?: string | undefined;
  /** Time it may take, the start of the thread included. @default 10000 */
  readonly timeoutMs?: number | undefined;
}

/** What the thread says when it is done; undefined where the schema compiles. */
export interface TrialAnswer {
  readonly reason?: string;
}

/**
 * Compiles a checked schema in a worker thread that is ended where it takes too long or too much memory:
 * resolves where it compiles, else rejects with `validation_error`. The static bounds keep real time far
 * below; this is the net under them.
 */
export async function trialCompile(schema: JsonSchema, options: TrialOptions = {}): Promise<void> {
  const { field = 'schema', timeoutMs = trialTimeoutMs } = options;
  const worker = new Worker(workerFile(), {
    workerData: schema,
    resourceLimits: { maxOldGenerationSizeMb: trialHeapMiB, stackSizeMb: trialStackMiB },
  });
  try {
    const { reason } = await answerOf(worker, timeoutMs);
    if (reason !== undefined) {
      refuseFor(field)('', `expected a schema that compiles, got: ${reason}; make it simpler`);
    }
  } finally {
    await worker.terminate();
  }
}

/** Where the sources run as they are, as in tests, the thread runs what was built of them. */
function workerFile(): URL {
  const built = import.meta.url.endsWith('.ts')
    ? import.meta.url.replace(/\/src\/(?=schemas\/validation\/)/, '/dist/')
    : import.meta.url;
  return new URL('./trialWorker.js', built);
}

function answerOf(worker: Worker, timeoutMs: number): Promise<TrialAnswer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      resolve({ reason: `it takes more than ${timeoutMs} ms` });
    }, timeoutMs);
    const settle = (answer: TrialAnswer): void => {
      clearTimeout(timer);
      resolve(answer);
    };
    worker.once('message', settle);
    worker.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
        resolve({ reason: `it takes more than ${trialHeapMiB} MiB` });
      } else {
        reject(
          new AllSourceError('internal_error', 'the trial of a schema failed', { cause: error }),
        );
      }
    });
  });
}

import { Worker } from 'node:worker_threads';
import { AllSourceError } from '../../../domain/index.js';
import type { JsonSchema } from '../../jsonSchema.js';
import { trialHeapMiB, trialStackMiB } from '../limits.js';

/** What the thread says when it is done; `reason` is undefined where the schema compiles. */
export interface TrialAnswer {
  readonly reason?: string;
}

/** A thread that nobody asked anything for this long ends. */
const idleMs = 1_000;
/** So that what compilations leave behind is bounded. */
const trialsMax = 64;
/** A trial may last this many times longer while the process gets little of the processor. */
const starvedFactor = 6;

/** The thread of trials, one after the other; a new one where it had to be ended. */
export class TrialThread {
  #worker: Worker | undefined;
  #trials = 0;
  #idle: NodeJS.Timeout | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  /** Once those before have ended. */
  compile(schema: JsonSchema, timeoutMs: number): Promise<TrialAnswer> {
    const answer = this.#turn.then(() => this.#compile(schema, timeoutMs));
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  async #compile(schema: JsonSchema, timeoutMs: number): Promise<TrialAnswer> {
    clearTimeout(this.#idle);
    const worker = this.#worker ?? new Worker(workerFile(), options);
    this.#worker = worker;
    this.#trials += 1;
    worker.ref();
    try {
      return await answerOf(worker, schema, timeoutMs);
    } catch (error) {
      this.#trials = trialsMax;
      if (error instanceof TrialEnded) return { reason: error.message };
      throw error;
    } finally {
      if (this.#trials >= trialsMax) await this.#end();
      else this.#endLater(worker);
    }
  }

  #endLater(worker: Worker): void {
    // Neither holds up the end of the process.
    worker.unref();
    this.#idle = setTimeout(() => void this.#end(), idleMs).unref();
  }

  async #end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#trials = 0;
    await worker?.terminate();
  }
}

const options = {
  resourceLimits: { maxOldGenerationSizeMb: trialHeapMiB, stackSizeMb: trialStackMiB },
};

/** The thread is of no use any more. */
class TrialEnded extends Error {}

/** Where the sources run as they are, as in tests, the thread runs what was built of them. */
function workerFile(): URL {
  const built = import.meta.url.endsWith('.ts')
    ? import.meta.url.replace(/\/src\/(?=schemas\/validation\/)/, '/dist/')
    : import.meta.url;
  return new URL('./trialWorker.js', built);
}

function answerOf(worker: Worker, schema: JsonSchema, timeoutMs: number): Promise<TrialAnswer> {
  return new Promise<TrialAnswer>((resolve, reject) => {
    const begin = { ms: performance.now(), cpu: process.cpuUsage() };
    const look = (): void => {
      const { user, system } = process.cpuUsage(begin.cpu);
      // Where others have the processor, it is not the schema that takes long.
      const isStarved = user + system < timeoutMs * 1_000;
      if (isStarved && performance.now() - begin.ms < timeoutMs * starvedFactor) {
        timer = setTimeout(look, timeoutMs);
      } else reject(new TrialEnded(`it takes more than ${timeoutMs} ms`));
    };
    let timer = setTimeout(look, timeoutMs);
    const fail = (error: NodeJS.ErrnoException): void => {
      const isMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      const failure = isMemory
        ? new TrialEnded(`it takes more than ${trialHeapMiB} MiB`)
        : new AllSourceError('internal_error', 'the trial of a schema failed', { cause: error });
      settle(() => reject(failure));
    };
    const done = (answer: TrialAnswer): void => settle(() => resolve(answer));
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      worker.off('message', done).off('error', fail);
      finish();
    };
    worker.on('message', done).on('error', fail);
    worker.postMessage(schema);
  });
}

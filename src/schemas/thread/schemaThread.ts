import { Worker } from 'node:worker_threads';
import { AllSourceError, builtModule } from '../../domain/index.js';
import type { EarlierVersion, VersionFinding } from '../compatibility/compatibility.js';
import type { CompatibilityMode } from '../compatibility/types.js';
import type { JsonSchema } from '../jsonSchema.js';
import { threadHeapMiB } from '../validation/limits.js';

export type ThreadQuestion =
  | { readonly kind: 'compile'; readonly schema: JsonSchema }
  | {
      readonly kind: 'compare';
      readonly earlier: EarlierVersion;
      readonly next: JsonSchema;
      readonly mode: CompatibilityMode;
    };

/** What the thread says when it is done; a question that it could not do has a reason. */
export interface ThreadAnswer {
  readonly reason?: string;
  /** Of a comparison. */
  readonly findings?: readonly VersionFinding[];
}

/** A thread that nobody asked anything for this long ends. */
const idleMs = 1_000;
/** A question may last this many times longer while the process gets little of the processor. */
const starvedFactor = 6;

interface ThreadOptions {
  readonly stackMiB: number;
  /** Then it is a new one. */
  readonly questionsMax: number;
}

/** Works on schemas beside the event loop, one question after the other; a new one where it had to be ended. */
export class SchemaThread {
  readonly #options: ThreadOptions;
  #worker: Worker | undefined;
  #questions = 0;
  #idle: NodeJS.Timeout | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ThreadOptions) {
    this.#options = options;
  }

  /** Once those before have ended. */
  ask(question: ThreadQuestion, timeoutMs: number): Promise<ThreadAnswer> {
    const answer = this.#turn.then(() => this.#ask(question, timeoutMs));
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  async #ask(question: ThreadQuestion, timeoutMs: number): Promise<ThreadAnswer> {
    clearTimeout(this.#idle);
    const worker = this.#worker ?? this.#start();
    this.#worker = worker;
    this.#questions += 1;
    worker.ref();
    try {
      return await answerOf(worker, question, timeoutMs);
    } catch (error) {
      this.#questions = Infinity;
      if (error instanceof Ended) return { reason: error.message };
      throw error;
    } finally {
      if (this.#questions >= this.#options.questionsMax) await this.#end();
      else this.#endLater(worker);
    }
  }

  #start(): Worker {
    const resourceLimits = {
      maxOldGenerationSizeMb: threadHeapMiB,
      stackSizeMb: this.#options.stackMiB,
    };
    return new Worker(builtModule(import.meta.url, './schemaWorker.js'), { resourceLimits });
  }

  #endLater(worker: Worker): void {
    // Neither holds up the end of the process.
    worker.unref();
    this.#idle = setTimeout(() => void this.#end(), idleMs).unref();
  }

  async #end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#questions = 0;
    await worker?.terminate();
  }
}

/** The thread is of no use any more. */
class Ended extends Error {}

function answerOf(
  worker: Worker,
  question: ThreadQuestion,
  timeoutMs: number,
): Promise<ThreadAnswer> {
  return new Promise<ThreadAnswer>((resolve, reject) => {
    const begin = { ms: performance.now(), cpu: process.cpuUsage() };
    const look = (): void => {
      const { user, system } = process.cpuUsage(begin.cpu);
      // Where others have the processor, it is not the schema that takes long.
      const isStarved = user + system < timeoutMs * 1_000;
      if (isStarved && performance.now() - begin.ms < timeoutMs * starvedFactor) {
        timer = setTimeout(look, timeoutMs);
      } else reject(new Ended(`it takes more than ${timeoutMs} ms`));
    };
    let timer = setTimeout(look, timeoutMs);
    const fail = (error: NodeJS.ErrnoException): void => {
      const isMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      const failure = isMemory
        ? new Ended(`it takes more than ${threadHeapMiB} MiB`)
        : new AllSourceError('internal_error', 'the thread of schemas failed', { cause: error });
      settle(() => reject(failure));
    };
    const done = (answer: ThreadAnswer): void => settle(() => resolve(answer));
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      worker.off('message', done).off('error', fail);
      finish();
    };
    worker.on('message', done).on('error', fail);
    worker.postMessage(question);
  });
}

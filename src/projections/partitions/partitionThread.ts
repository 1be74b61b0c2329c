import { MessageChannel, Worker } from 'node:worker_threads';
import { AllSourceError, builtModule } from '../../domain/index.js';
import type { JsonValue } from '../../domain/index.js';
import type { StateChange } from '../storage/types.js';
import type { FromThread, ThreadData, ToThread } from './messages.js';

export interface ThreadHost {
  /** States that storage has, in the order of the keys. */
  load(keys: readonly string[]): Promise<readonly (JsonValue | undefined)[]>;
  onChanges(changes: readonly StateChange[]): void;
  onFailure(failure: ThreadFailure): void;
  /** Something else has changed. */
  onMoved(): void;
}

export interface ThreadFailure {
  /** Of the event; 0 where it was none. */
  readonly position: number;
  readonly error: Error;
}

/** A thread that folds one partition of the keys of a projection. */
export class PartitionThread {
  readonly #host: ThreadHost;
  readonly #worker: Worker;
  readonly #loaded = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  readonly #channel = new MessageChannel();
  #isReady = false;
  /** What it tells until then is of no more use. */
  #isResetting = false;
  #isEnded = false;
  #inFlight = 0;
  #changedKeys = 0;
  #events = 0;

  constructor(host: ThreadHost, data: Omit<ThreadData, 'states' | 'loaded'>) {
    this.#host = host;
    const { port2: states } = this.#channel;
    const workerData: ThreadData = { ...data, states, loaded: this.#loaded };
    this.#worker = new Worker(builtModule(import.meta.url, './partitionWorker.js'), {
      workerData,
      transferList: [states],
    });
    this.#worker.on('message', (message: FromThread) => this.#take(message));
    this.#worker.on('error', (error) => this.#fail(`${error.message}`));
    this.#worker.on('exit', () => this.#fail('it has ended'));
  }

  get isReady(): boolean {
    return this.#isReady && !this.#isResetting;
  }
  /** How many `events` it has not folded yet. */
  get inFlight(): number {
    return this.#inFlight;
  }
  /** Keys that had changed since it gave what changed, when it told last. */
  get changedKeys(): number {
    return this.#changedKeys;
  }
  /** Events that it has taken in since it was reset. */
  get events(): number {
    return this.#events;
  }

  tell(message: ToThread): void {
    if (message.kind === 'events') this.#inFlight += 1;
    if (message.kind === 'reset') {
      this.#isResetting = true;
      this.#inFlight = 0;
      this.#changedKeys = 0;
      this.#events = 0;
    }
    this.#worker.postMessage(message);
  }

  async end(): Promise<void> {
    this.#isEnded = true;
    this.#channel.port1.close();
    await this.#worker.terminate();
  }

  #take(message: FromThread): void {
    if (this.#isEnded) return;
    if (message.kind === 'wasReset') this.#isResetting = false;
    // It waits, whatever it was told meanwhile.
    else if (message.kind === 'load') void this.#answer(message.keys);
    else if (message.kind === 'ready') this.#isReady = true;
    else if (!this.#isResetting) return this.#pass(message);
    this.#host.onMoved();
  }

  #pass(message: Exclude<FromThread, { readonly kind: 'wasReset' | 'load' | 'ready' }>): void {
    switch (message.kind) {
      case 'folded':
        this.#inFlight -= 1;
        this.#events += message.events;
        this.#changedKeys = message.changedKeys;
        return this.#host.onMoved();
      case 'changes':
        this.#changedKeys = 0;
        return this.#host.onChanges(changesOf(message));
      case 'failure':
        return this.#host.onFailure({
          position: message.position,
          error: new Error(message.reason),
        });
      case 'refusal':
        return this.#fail(message.reason);
    }
  }

  async #answer(keys: readonly string[]): Promise<void> {
    let states: readonly (JsonValue | undefined)[] | null = null;
    try {
      states = await this.#host.load(keys);
    } catch (error) {
      this.#host.onFailure({ position: 0, error: error as Error });
    }
    if (this.#isEnded) return;
    this.#channel.port1.postMessage(states);
    Atomics.store(this.#loaded, 0, 1);
    Atomics.notify(this.#loaded, 0);
  }

  #fail(reason: string): void {
    if (this.#isEnded) return;
    const error = new AllSourceError('unprocessable', `a thread of its partitions: ${reason}`);
    this.#host.onFailure({ position: 0, error });
  }
}

function changesOf({
  keys,
  texts,
}: Extract<FromThread, { readonly kind: 'changes' }>): readonly StateChange[] {
  return keys.map((key, i) => ({ key, text: texts[i] }));
}

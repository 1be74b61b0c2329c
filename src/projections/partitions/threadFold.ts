import { receiveMessageOnPort } from 'node:worker_threads';
import type { JsonValue } from '../../domain/index.js';
import { EventFailure, reasonOf } from '../run/eventFailure.js';
import { FoldedStates } from '../run/foldedStates.js';
import type { Projection } from '../types.js';
import type { FromThread, ThreadData, ToThread } from './messages.js';
import { ownEvents } from './ownEvents.js';

/** What a thread does: folds the events whose keys are of its partition, and gives states back. */
export class ThreadFold {
  readonly #projection: Projection;
  readonly #data: ThreadData;
  readonly #tell: (message: FromThread) => void;
  readonly #states: FoldedStates<unknown>;
  #hasFailed = false;

  constructor(projection: Projection, data: ThreadData, tell: (message: FromThread) => void) {
    this.#projection = projection;
    this.#data = data;
    this.#tell = tell;
    const { keysMax, isEmpty } = data;
    this.#states = new FoldedStates(projection, { keysMax, isEmpty });
  }

  take(message: ToThread): void {
    if (message.kind === 'reset') {
      this.#states.clear();
      this.#hasFailed = false;
      this.#tell({ kind: 'wasReset' });
      return;
    }
    if (this.#hasFailed) return;
    try {
      this.#do(message);
    } catch (error) {
      this.#hasFailed = true;
      const reason = reasonOf(error);
      if (!(error instanceof EventFailure)) this.#tell({ kind: 'refusal', reason });
      else this.#tell({ kind: 'failure', position: error.position, reason });
    }
  }

  #do(message: Exclude<ToThread, { readonly kind: 'reset' }>): void {
    switch (message.kind) {
      case 'events':
        return this.#fold(message.bytes);
      case 'collect':
        return this.#giveChanges();
      case 'committed':
        return this.#states.forgetOld();
    }
  }

  #fold({ buffer, byteOffset, byteLength }: Uint8Array): void {
    const bytes = Buffer.from(buffer, byteOffset, byteLength);
    const events = ownEvents(bytes, this.#projection, this.#data);
    const missing = this.#states.missing(events, 0);
    if (missing.length > 0) this.#states.add(missing, this.#load(missing));
    for (const event of events) this.#states.apply(event);
    const { changedCount: changedKeys } = this.#states;
    this.#tell({ kind: 'folded', events: events.length, changedKeys });
  }

  #giveChanges(): void {
    const changes = this.#states.changes();
    const keys = changes.map(({ key }) => key);
    const texts = changes.map(({ text }) => text);
    this.#tell({ kind: 'changes', keys, texts });
    this.#states.release();
  }

  /** Waits for the thread of the store, which reads them. */
  #load(keys: readonly string[]): readonly (JsonValue | undefined)[] {
    const { loaded, states } = this.#data;
    this.#tell({ kind: 'load', keys });
    Atomics.wait(loaded, 0, 0);
    Atomics.store(loaded, 0, 0);
    // What partitionThread.ts answers with: null where it can't read them.
    const received = receiveMessageOnPort(states) as
      { readonly message: readonly (JsonValue | undefined)[] | null } | undefined;
    const found = received?.message ?? null;
    if (found === null) throw new Error('states could not be read');
    return found;
  }
}

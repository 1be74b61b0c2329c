import type { MessagePort } from 'node:worker_threads';
import type { StateChange } from '../storage/types.js';
import type { ProjectionModule } from '../types.js';

/** Which keys a thread folds. */
export interface Share {
  /** From 0. */
  readonly partition: number;
  readonly partitions: number;
}

/** What a thread begins with. */
export interface ThreadData extends Share {
  readonly name: string;
  readonly version: number;
  /** Where the definition is. */
  readonly source: ProjectionModule;
  /** Keys without changes that it keeps. */
  readonly keysMax: number;
  /** True where storage has no states yet. */
  readonly isEmpty: boolean;
  /** On which states come that it asked for: it waits at `loaded`, which is set to 1 when they are there. */
  readonly states: MessagePort;
  readonly loaded: Int32Array;
}

/** What a thread is told, in this order of time. */
export type ToThread =
  /** Events as lines, of all partitions. */
  | { readonly kind: 'events'; readonly bytes: Uint8Array }
  /** All that changed so far is wanted. */
  | { readonly kind: 'collect' }
  /** What was collected last is durable. */
  | { readonly kind: 'committed' }
  /** All is forgotten, and made again from what is durable. */
  | { readonly kind: 'reset' };

/** What a thread tells. Behind a failure it does nothing until it is reset. */
export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'load'; readonly keys: readonly string[] }
  /** Of one `events`: so many were taken in, and so many keys have changed since the last `collect`. */
  | { readonly kind: 'folded'; readonly events: number; readonly changedKeys: number }
  /** All that has changed since the last `collect`: keys, and the text of each. */
  | {
      readonly kind: 'changes';
      readonly keys: readonly string[];
      readonly texts: readonly StateChange['text'][];
    }
  /** An event could not be brought into the states. */
  | { readonly kind: 'failure'; readonly position: number; readonly reason: string }
  /** It can't go on: what is wrong is not one event. */
  | { readonly kind: 'refusal'; readonly reason: string }
  | { readonly kind: 'wasReset' };

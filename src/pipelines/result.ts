import type { JsonValue } from '../domain/index.js';
import type { Output } from './definition/types.js';

/** One result that is to go out. */
export interface Emission {
  /** Unique in the pipeline, and the same when the same is processed again from the same state. */
  readonly key: string;
  /** With its placeholders filled. */
  readonly output: Output;
  readonly value: JsonValue;
  /** Results of the same one are in order wherever they go: their group, or the entity of their event. */
  readonly orderKey: string;
  /** Microseconds since 1970: of the event, or the last of the pane. */
  readonly time: number;
}

/** An item that did not come to an output. One that went into a window is none. */
export interface Dropped {
  readonly outcome: 'filtered' | 'failed' | 'late';
  /** Names the operator, and never a value. */
  readonly reason: string;
}

/** What one call of a machine brought about, in the order in which it did. */
export interface PipelineResult {
  readonly emissions: readonly Emission[];
  readonly dropped: readonly Dropped[];
}

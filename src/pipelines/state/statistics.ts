import type { JsonValue } from '../../domain/index.js';
import type { Kept } from './changes.js';

/** What a pipeline did since it began, restarts included. */
export interface PipelineStatistics {
  /** Events that were taken. */
  readonly processed: number;
  /** Items, that is events and results of windows, that a filter, a branch or a miss ended. */
  readonly filtered: number;
  readonly failed: number;
  /** Items that came after all of their panes had closed. */
  readonly late: number;
  readonly emitted: number;
  /** Groups that were forgotten because there were too many. */
  readonly evicted: number;
  readonly openPanes: number;
  /** Of the last event that was taken; 0 where there was none. */
  readonly position: number;
}

export class Statistics implements Kept {
  readonly stateKey = 'statistics';
  processed = 0;
  filtered = 0;
  failed = 0;
  late = 0;
  emitted = 0;
  evicted = 0;
  position = 0;

  restore(json: JsonValue): void {
    // toJson wrote it.
    Object.assign(this, json as Omit<PipelineStatistics, 'openPanes'>);
  }

  toJson() {
    const { processed, filtered, failed, late, emitted, evicted, position } = this;
    return { processed, filtered, failed, late, emitted, evicted, position };
  }
}

import type { Kept } from '../state/changes.js';

/** Panes that end up to its time are closed. It never goes back. */
export class Watermark implements Kept {
  readonly stateKey: string;
  time = -Infinity;

  constructor(stateKey: string) {
    this.stateKey = stateKey;
  }

  toJson(): number {
    return this.time;
  }
}

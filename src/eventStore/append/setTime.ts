import { AllSourceError } from '../../domain/index.js';
import type { Clock } from '../types.js';

/** The time of a memory store that has a clock of its own; throws where that tells none. */
export class SetTime {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  micros(): number {
    const micros: unknown = this.#clock.now();
    if (Number.isSafeInteger(micros) && Number(micros) >= 0) return Number(micros);
    const expected = 'expected now() to give whole microseconds since 1970';
    throw new AllSourceError('invalid_configuration', `clock: ${expected}, got ${String(micros)}`);
  }
}

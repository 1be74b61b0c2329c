import type { StoredEvent } from '../../domain/index.js';

/** An event that could not be brought into the states. */
export class EventFailure extends Error {
  override readonly name = 'EventFailure';
  readonly position: number;
  /** True where it failed on states that are known to be sound. */
  readonly isConfirmed: boolean;

  constructor(position: number, message: string, isConfirmed = false) {
    super(message);
    this.position = position;
    this.isConfirmed = isConfirmed;
  }

  static of(event: StoredEvent, error: unknown): EventFailure {
    return new EventFailure(event.position, `${event.eventType}: ${reasonOf(error)}`);
  }

  confirmed(): EventFailure {
    return new EventFailure(this.position, this.message, true);
  }
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

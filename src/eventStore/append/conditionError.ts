import { AllSourceError, AppendConditionError } from '../../domain/index.js';
import type { StoredEvent } from '../../domain/index.js';
import { MatchedEvents } from '../../engine/index.js';

/** Reads the event at a position: undefined where it was dropped since. */
type ReadAt<T> = (position: number) => Promise<T | undefined>;

/** The error of an append that came as bytes: its events stay bytes, too. */
export class WireConditionError extends AppendConditionError {
  constructor(
    message: string,
    position: number,
    /** JSON array of the events in the wire names. */
    readonly wireEvents: string,
  ) {
    super(message, { events: [], position });
  }
}

/** Gives a failed condition the events that it is about; other errors come back as they are. */
export async function withEvents(error: unknown, readAt: ReadAt<StoredEvent>): Promise<unknown> {
  if (!(error instanceof MatchedEvents)) return error;
  const events = await readAll(error.positions, readAt);
  return new AppendConditionError(adviceOf(error), { events, position: error.matchedTo });
}

export async function withWireEvents(error: unknown, readAt: ReadAt<string>): Promise<unknown> {
  if (!(error instanceof MatchedEvents)) return error;
  const texts = await readAll(error.positions, readAt);
  return new WireConditionError(adviceOf(error), error.matchedTo, `[${texts.join(',')}]`);
}

async function readAll<T>(positions: readonly number[], readAt: ReadAt<T>): Promise<T[]> {
  const found: T[] = [];
  for (const position of positions) {
    try {
      const event = await readAt(position);
      if (event !== undefined) found.push(event);
    } catch (error) {
      const isDropped = error instanceof AllSourceError && error.code === 'events_dropped';
      if (!isDropped) throw error;
    }
  }
  return found;
}

function adviceOf({ message, matchedTo }: MatchedEvents): string {
  const advice = `take what matches into account and append with after ${matchedTo}`;
  return `${message} that must not be there; ${advice}`;
}

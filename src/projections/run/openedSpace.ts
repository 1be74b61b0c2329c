import { AllSourceError } from '../../domain/index.js';
import { parseEvents } from '../../eventStore/index.js';
import type { SystemAccess } from '../../eventStore/index.js';
import type { KeptStates, ProjectionStorage, StateSpace } from '../storage/types.js';

/**
 * What a space has. Throws `projection_conflict` where that was not made from this log: a storage outside
 * of it may outlive it, or be ahead of one that was restored.
 */
export async function openSpace(options: {
  readonly log: SystemAccess;
  readonly storage: ProjectionStorage;
  readonly space: StateSpace;
}): Promise<KeptStates> {
  const { log, storage, space } = options;
  const kept = await storage.open(space);
  const { position, eventId = null } = kept;
  if (position > log.watermark) {
    throw otherLog(space, `at ${position}, and the log ends at ${log.watermark}`);
  }
  const known = eventId === null ? null : await eventIdAt(log, position);
  if (known === null || known === eventId) return kept;
  throw otherLog(space, `at event ${eventId}, and the log has ${known} at that position`);
}

/** Id of the event at a position; null where there is none, or it was dropped from the log. */
export async function eventIdAt(log: SystemAccess, position: number): Promise<string | null> {
  if (position < log.logBegin) return null;
  try {
    const { bytes } = await log.bytesAt([position], 'apiHeadLines');
    return parseEvents(bytes)[0]?.id ?? null;
  } catch (error) {
    if (error instanceof AllSourceError && error.code === 'events_dropped') return null;
    throw error;
  }
}

function otherLog({ projection, generation }: StateSpace, where: string): AllSourceError {
  const message =
    `projection ${projection}: its states (generation ${generation}) are ${where}: they are of another ` +
    'log, or of one that has lost its end; remove them, or give another storage, to build them anew';
  return new AllSourceError('projection_conflict', message);
}

import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AllSourceError } from '../domain/index.js';
import type { NewEvent, StoredEvent } from '../domain/index.js';
import { createMachine } from '../pipelines/index.js';
import type { Dropped, Emission, PipelineDefinition } from '../pipelines/index.js';
import type { EnrichSources } from './lookups/enrichSources.js';
import type { TestedPipeline } from './types.js';

export const testEventsMax = 10_000;
/** Those that it takes in one turn of the event loop. */
const eventsOfTurn = 200;
/** Lookups of other servers may take long, and whoever asked may have gone. */
const msMax = 30_000;

/** What would come of some events. Throws `validation_error`, `unprocessable`. */
export async function dryRun(
  definition: PipelineDefinition,
  events: readonly NewEvent[],
  sources: EnrichSources,
): Promise<TestedPipeline> {
  if (events.length > testEventsMax) {
    const reason = `expected at most ${testEventsMax}, got ${events.length}`;
    const details = [{ field: 'events', reason }];
    throw new AllSourceError('validation_error', `events: ${reason}`, { details });
  }
  const timeout = AbortSignal.timeout(msMax);
  const machine = createMachine(definition, { sources: sources.until(timeout) });
  const emissions: Emission[] = [];
  const dropped: Dropped[] = [];
  let timestamp = Date.now() * 1000;
  for (const [i, event] of events.entries()) {
    if (i % eventsOfTurn === eventsOfTurn - 1) await nextTurn();
    timestamp += 1;
    try {
      const result = await machine.process(storedEvent(event, { definition, i, timestamp }));
      emissions.push(...result.emissions);
      dropped.push(...result.dropped);
    } catch (error) {
      if (!timeout.aborted) throw error;
      const message = `events: expected lookups that take ${msMax} ms at most; test fewer events`;
      throw new AllSourceError('unprocessable', message);
    }
  }
  return { emissions, dropped, statistics: machine.statistics };
}

/** An event as it would be stored. */
function storedEvent(
  event: NewEvent,
  { definition, i, timestamp }: { definition: PipelineDefinition; i: number; timestamp: number },
): StoredEvent {
  return {
    id: event.eventId ?? randomUUID(),
    eventType: event.eventType,
    entityId: event.entityId,
    tenantId: event.tenantId ?? definition.tenantId,
    tags: event.tags ?? [],
    payload: event.payload,
    metadata: event.metadata ?? null,
    timestamp,
    version: i + 1,
    position: i + 1,
    partition: 0,
  };
}

import { setTimeout as wait } from 'node:timers/promises';
import {
  AllSourceError,
  EventIdConflictError,
  VersionConflictError,
  abortedError,
} from '../domain/index.js';
import type { EventShape, NewEvent } from '../domain/index.js';
import type { BatchOptions } from '../eventStore/index.js';
import { eventIdOf } from './commandIds.js';
import type { CommandName } from './commandIds.js';
import type {
  CommandStore,
  DecidedEvent,
  Decider,
  HandleOptions,
  HandledCommand,
} from './types.js';

const retriesDefault = 10;
const commandIdCharsMax = 256;
/** Whoever lost goes again at a time of chance, or the same ones would meet again. */
const pauseMsMax = 64;

/**
 * Handles a command: reads the state of an entity, decides, and appends the events if the entity is still
 * as it was decided on, else decides anew. The events are one append; where there are none nothing is
 * written. Rejects with what `decide` throws; with `version_conflict` where others were faster each time;
 * with `validation_error`, `aborted`, and whatever `appendBatch` and `stateOf` reject with.
 *
 * @example
 * const paid = await handle(store, order, 'order-1', { type: 'pay' }, { commandId: request.id });
 * await openOrders.waitFor(paid.position);
 */
export async function handle<S, C, E extends EventShape>(
  store: CommandStore<E>,
  decider: Decider<S, C, E>,
  entityId: string,
  command: C,
  options: HandleOptions = {},
): Promise<HandledCommand<E>> {
  const { retriesMax = retriesDefault, signal } = options;
  const name = nameOf(entityId, options);
  // Of which events it is matters to the caller's types only.
  const log = store as unknown as CommandStore;
  for (let retries = 0; ; retries += 1) {
    if (signal?.aborted === true) throw abortedError();
    const { state, version } = await stateOf(log, decider, entityId, options);
    // Asked for behind the state: what is not there now is not in the state.
    const before = name && (await findHandled<E>(log, name));
    if (before !== undefined) return before;
    const events = decider.decide(command, state);
    if (events.length === 0) return { events, version, position: 0, deduplicated: false };
    try {
      const batch = events.map((event, i) => newEvent(event, { entityId, name, i, options }));
      const conditions = { [entityId]: version };
      const { results } = await log.appendBatch(batch, { ...conditionOf(options), conditions });
      const { version: last, position } = results.at(-1) ?? { version, position: 0 };
      return { events, version: last, position, deduplicated: results[0]?.deduplicated === true };
    } catch (error) {
      if (!isOvertaken(error, name) || retries >= retriesMax) throw error;
    }
    const pauseMs = Math.random() * Math.min(2 ** retries, pauseMsMax);
    await wait(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

/** The state to decide on: that of the definition where the entity has no events. */
async function stateOf<S, C, E extends EventShape>(
  store: CommandStore,
  decider: Decider<S, C, E>,
  entityId: string,
  { tenantId }: HandleOptions,
): Promise<{ readonly state: S; readonly version: number }> {
  try {
    return await store.stateOf(decider, entityId, { tenantId });
  } catch (error) {
    const isNew = error instanceof AllSourceError && error.code === 'entity_not_found';
    if (!isNew) throw error;
    return { state: decider.init(), version: 0 };
  }
}

/** What a command of this name brought about; undefined where there was none. */
async function findHandled<E extends EventShape>(
  store: CommandStore,
  name: CommandName,
): Promise<HandledCommand<E> | undefined> {
  const { tenantId } = name;
  const events: DecidedEvent<E>[] = [];
  let last = { version: 0, position: 0 };
  for (;;) {
    const event = await store.getEvent(eventIdOf(name, events.length), { tenantId });
    if (event === undefined) break;
    const { eventType, payload, metadata, tags, version, position } = event;
    // The decider's own: only commands to it have these ids.
    events.push({ eventType, payload, metadata, tags } as unknown as DecidedEvent<E>);
    last = { version, position };
  }
  return events.length === 0 ? undefined : { events, ...last, deduplicated: true };
}

function nameOf(entityId: string, options: HandleOptions): CommandName | undefined {
  const { commandId, tenantId = 'default' } = options;
  if (commandId === undefined) return undefined;
  const isText = typeof commandId === 'string' && commandId !== '';
  if (isText && commandId.length <= commandIdCharsMax) return { tenantId, entityId, commandId };
  const reason = `expected a text of 1-${commandIdCharsMax} characters`;
  throw new AllSourceError('validation_error', `command_id: ${reason}`, {
    details: [{ field: 'command_id', reason }],
  });
}

function newEvent(
  event: DecidedEvent<EventShape>,
  of: { entityId: string; name: CommandName | undefined; i: number; options: HandleOptions },
): NewEvent {
  const { entityId, name, i, options } = of;
  const { eventType, payload, tags, metadata } = event;
  const merged = { ...options.metadata, ...metadata };
  return {
    eventType,
    entityId,
    payload: payload as NewEvent['payload'],
    tags,
    metadata: Object.keys(merged).length === 0 ? undefined : merged,
    eventId: name && eventIdOf(name, i),
  };
}

function conditionOf({ tenantId, failIfEventsMatch, after }: HandleOptions): BatchOptions {
  return { tenantId, failIfEventsMatch, after };
}

/** Somebody was faster: another command, or this one, handled twice at a time. */
function isOvertaken(error: unknown, name: CommandName | undefined): boolean {
  if (error instanceof VersionConflictError) return true;
  return name !== undefined && error instanceof EventIdConflictError;
}

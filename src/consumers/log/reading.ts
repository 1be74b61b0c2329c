import { linkSignals } from '../../domain/index.js';
import { partitionedEvents } from '../../eventStore/index.js';
import type { BytesChunk, Delivery, SystemAccess, WakeUp } from '../../eventStore/index.js';
import type { ConsumerDefinition } from '../definition.js';
import type { ConsumerGroup } from '../group/group.js';

/** What a reader of the log works for. */
export interface ReadingOptions {
  readonly log: SystemAccess;
  readonly definition: ConsumerDefinition;
  readonly group: ConsumerGroup;
  readonly isDead: (position: number) => boolean;
  /** Told when events were added, or the group has passed a range. */
  readonly onRead: () => void;
  /** Wakes the reader: there may be room again. */
  readonly room: WakeUp;
  readonly signal: AbortSignal;
}

/**
 * Fills the queues of a group: with what becomes durable, by one follower, and with what partitions
 * that were full have missed, read again from where they stopped.
 */
export async function fillGroup(options: ReadingOptions): Promise<void> {
  const { log, definition, group, signal, room } = options;
  const { tenantId, filter } = definition;
  const stop = new AbortController();
  const { signal: ended } = linkSignals([signal, stop.signal]);
  let ahead = group.readTo;
  const follower = log.followPartitions({ tenantId, filter, from: ahead + 1, signal: ended });
  let pending: Promise<Delivery<BytesChunk> | undefined> | undefined;
  try {
    while (!signal.aborted) {
      const from = group.readFrom;
      if (from !== undefined && from < ahead) {
        const range = { first: from + 1, last: ahead };
        const chunk = await log.partitionsIn({ tenantId, filter }, range);
        const to = chunk.nextPosition === 0 ? ahead : chunk.nextPosition - 1;
        addTo(options, chunk, { from, to });
        continue;
      }
      if (from === undefined) {
        await room.wait({ signal });
        continue;
      }
      pending ??= follower.next(Infinity);
      const delivery = await nextOrRoom(pending, options);
      if (delivery === 'room') continue;
      pending = undefined;
      if (delivery === undefined) return;
      addTo(options, delivery.chunk, { from: ahead, to: delivery.position });
      ahead = delivery.position;
    }
  } finally {
    stop.abort();
    // What is under way ends with it; its error, if any, is nobody's any more.
    await pending?.catch(() => undefined);
  }
}

/** The next delivery, or that there is room for what a partition has missed. */
async function nextOrRoom(
  pending: Promise<Delivery<BytesChunk> | undefined>,
  { room, signal, group }: ReadingOptions,
): Promise<Delivery<BytesChunk> | undefined | 'room'> {
  if (!group.isLagging) return pending;
  const waited = new AbortController();
  const woken = room.wait(linkSignals([signal, waited.signal]));
  try {
    return await Promise.race([pending, woken.then(() => 'room' as const)]);
  } finally {
    waited.abort();
  }
}

function addTo(
  { group, isDead, onRead }: ReadingOptions,
  chunk: BytesChunk | undefined,
  range: { from: number; to: number },
): void {
  group.add(chunk === undefined ? [] : partitionedEvents(chunk.bytes), range, isDead);
  onRead();
}

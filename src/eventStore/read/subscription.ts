import { AllSourceError } from '../../domain/index.js';
import type { StoredEvent } from '../../domain/index.js';
import { checkedLimit, toEngineQuery } from './query.js';
import type { EngineQuery } from './query.js';
import type { SubscribeOptions } from '../types.js';

/** Events that a subscription takes from the engine at a time: what a slow reader costs. */
const chunkEvents = 256;

/** What a subscription needs of the store. */
export interface SubscriptionSource {
  watermark(): number;
  reached(position: number, signal?: AbortSignal): Promise<void>;
  read(query: EngineQuery, limit: number): Promise<{ events: StoredEvent[]; nextPosition: number }>;
  isClosed(): boolean;
}

/**
 * A cursor on the log: catching up and live are the same loop, which reads up to the watermark and
 * waits for it to move. It holds one chunk, however slow its reader is.
 */
export function subscribeTo(
  source: SubscriptionSource,
  options: SubscribeOptions,
): AsyncIterable<StoredEvent> {
  const { from = 'now', signal, ...filter } = options;
  const query = toEngineQuery(filter);
  const begin = from === 'now' ? source.watermark() + 1 : firstPositionOf(from);
  const wanted = Number.isNaN(query.firstPosition) ? 1 : query.firstPosition;
  query.firstPosition = Math.max(begin, wanted, 1);
  return follow(source, query, signal);
}

function firstPositionOf(from: 'beginning' | number): number {
  if (from === 'beginning') return 1;
  return checkedLimit(from, 0, Number.MAX_SAFE_INTEGER, 'from');
}

async function* follow(
  source: SubscriptionSource,
  query: EngineQuery,
  signal: AbortSignal | undefined,
): AsyncGenerator<StoredEvent> {
  const hasEnded = (): boolean => signal?.aborted === true || source.isClosed();
  while (!hasEnded()) {
    const last = source.watermark();
    if (query.firstPosition > last) {
      if (!(await moved(source, query.firstPosition, signal))) return;
      continue;
    }
    query.lastPosition = last;
    const page = await source.read(query, chunkEvents);
    for (const event of page.events) {
      if (hasEnded()) return;
      yield event;
    }
    query.firstPosition = page.nextPosition === 0 ? last + 1 : page.nextPosition;
  }
}

/** Whether there is more to read; false where the subscription or the store has ended. */
async function moved(
  source: SubscriptionSource,
  position: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await source.reached(position, signal);
    return true;
  } catch (error) {
    const hasEnded =
      error instanceof AllSourceError &&
      (error.code === 'aborted' || error.code === 'store_closed');
    if (hasEnded) return false;
    throw error;
  }
}

import { AllSourceError } from '../../domain/index.js';
import type { EventStore } from '../../eventStore/index.js';

export interface Subscription {
  readonly tenantId: string;
  readonly entityId?: string | undefined;
  readonly eventType?: string | undefined;
  readonly eventTypePrefix?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  /** The first position wanted. */
  readonly fromPosition: number;
}

/** One event as it goes over the wire. */
export interface LogLine {
  readonly position: number;
  /** JSON without a line end; borrowed, valid until the next turn of the loop. */
  readonly bytes: Buffer;
}

/**
 * Every matching event from a position on, once and in order, first from the log and then as it
 * becomes durable; ends when `signal` aborts or the store closes. Events are always read from the
 * log, at the pace of the caller: a slow reader costs one chunk of memory, whatever it missed.
 */
export async function* followLog(
  store: EventStore,
  subscription: Subscription,
  signal: AbortSignal,
): AsyncGenerator<readonly LogLine[]> {
  const { fromPosition, ...filter } = subscription;
  let next = fromPosition;
  while (await reaches(store, next, signal)) {
    // Taken before the read: the read covers at least this much, and the lines say what more.
    const covered = store.watermark;
    for await (const chunk of store.readNdjson({ ...filter, fromPosition: next })) {
      if (signal.aborted) return;
      const lines = splitLines(chunk);
      next = (lines.at(-1)?.position ?? next - 1) + 1;
      yield lines;
    }
    next = Math.max(next, covered + 1);
  }
}

/** Resolves to false where the wait ended because the caller or the store is done. */
async function reaches(store: EventStore, position: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  if (store.watermark >= position) return true;
  try {
    await store.waitForWatermark(position, signal);
    return true;
  } catch (error) {
    if (isEnd(error, signal)) return false;
    throw error;
  }
}

function isEnd(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted || (error instanceof AllSourceError && error.code === 'store_closed');
}

const newline = 0x0a;

function splitLines(chunk: Buffer): LogLine[] {
  const lines: LogLine[] = [];
  let start = 0;
  for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
    const bytes = chunk.subarray(start, end);
    lines.push({ position: positionOf(bytes), bytes });
    start = end + 1;
  }
  return lines;
}

const positionName = '"position":';
const zero = 0x30;
const nine = 0x39;

/** The engine writes the position behind payload and metadata: the last such name is its own. */
function positionOf(line: Buffer): number {
  let at = line.lastIndexOf(positionName);
  if (at < 0) throw new Error('the engine wrote an event without a position');
  let position = 0;
  for (at += positionName.length; ; at += 1) {
    const byte = line[at];
    if (byte === undefined || byte < zero || byte > nine) return position;
    position = position * 10 + (byte - zero);
  }
}

import type { StoredEvent } from '../../domain/index.js';
import type { Projection } from '../types.js';
import type { Share } from './messages.js';

const lineFeed = 0x0a;
const colon = 0x3a;
const digitZero = 0x30;
const partitionName = Buffer.from(',"partition":');

/**
 * The events of lines whose keys are those of a partition, in their order. Where keys are entity ids, lines
 * tell whose they are; otherwise every event is parsed, and its key asked for.
 */
export function ownEvents(bytes: Buffer, projection: Projection, share: Share): StoredEvent[] {
  const events: StoredEvent[] = [];
  const isByEntity = projection.isKeyedByEntity === true;
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(lineFeed, at);
    if (!isByEntity || partitionOfLine(bytes, end) % share.partitions === share.partition) {
      // The engine wrote this text; its shape is that of StoredEvent.
      const event = JSON.parse(bytes.toString('utf8', at, end)) as StoredEvent;
      const isOwn = isByEntity || partitionOfKey(event, projection, share) === share.partition;
      if (isOwn && projection.handles(event.eventType)) events.push(event);
    }
    at = end + 1;
  }
  return events;
}

/** The number behind the last such name: what follows it is of the engine, too. */
function partitionOfLine(bytes: Buffer, end: number): number {
  let at = bytes.lastIndexOf(partitionName, end) + partitionName.length;
  let partition = 0;
  for (; isDigit(bytes[at]); at += 1) partition = partition * 10 + (bytes[at] ?? 0) - digitZero;
  return partition;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= digitZero && byte < colon;
}

/** An event without a key that can be kept is of the first partition, which tells what is wrong. */
function partitionOfKey(event: StoredEvent, projection: Projection, { partitions }: Share): number {
  if (!projection.handles(event.eventType)) return 0;
  let key: unknown;
  try {
    key = projection.keyOf(event);
  } catch {
    return 0;
  }
  return typeof key === 'string' ? hashOf(key) % partitions : 0;
}

/** FNV-1a of its UTF-16 units: the same in every thread is all that counts. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  // The low bits of few characters are alike.
  return (hash ^ (hash >>> 15)) >>> 0;
}

import type { BytesChunk, BytesForm, Delivery } from '../../eventStore/index.js';
import { type LogLine, splitLines } from './lines.js';

/**
 * How a WebSocket client gets events: `bare` as the reference system sends them, `event` each in a
 * frame with a type, `batch` many in one.
 */
export type MessageFormat = 'bare' | 'event' | 'batch';

export const bytesFormOf: Readonly<Record<MessageFormat, BytesForm>> = {
  bare: 'lines',
  event: 'lines',
  batch: 'list',
};

const wireMarks = { caughtUp: 'caught_up', fellBehind: 'fell_behind' } as const;
const eventStart = Buffer.from('{"type":"event","event":');
const eventEnd = Buffer.from('}');
const batchEnd = Buffer.from(']}');
const noEvents = Buffer.alloc(0);

export function markOf({ mark }: Delivery<BytesChunk>): 'caught_up' | 'fell_behind' | null {
  return mark === null ? null : wireMarks[mark];
}

/** What a delivery is told as where it has no events, or besides them. */
export function markName(delivery: Delivery<BytesChunk>): string | null {
  return markOf(delivery) ?? (delivery.chunk === undefined ? 'checkpoint' : null);
}

/** The events of a delivery that was read as `lines`. */
export function linesOf({ chunk }: Delivery<BytesChunk>): LogLine[] {
  return chunk === undefined ? [] : splitLines(chunk.bytes);
}

/** The text frames of a delivery, one by one. */
export function* messagesOf(
  delivery: Delivery<BytesChunk>,
  format: MessageFormat,
): Generator<Buffer | string> {
  if (format === 'batch') {
    yield batchMessage(delivery);
    return;
  }
  for (const { bytes } of linesOf(delivery)) {
    yield format === 'bare' ? bytes : Buffer.concat([eventStart, bytes, eventEnd]);
  }
  const name = markName(delivery);
  if (format === 'event' && name !== null) {
    yield `{"type":"${name}","position":${delivery.position}}`;
  }
}

function batchMessage(delivery: Delivery<BytesChunk>): Buffer {
  const mark = markOf(delivery);
  const head = `{"type":"events","position":${delivery.position},"mark":${JSON.stringify(mark)},"events":[`;
  return Buffer.concat([Buffer.from(head), delivery.chunk?.bytes ?? noEvents, batchEnd]);
}

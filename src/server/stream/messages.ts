import type { BytesChunk, Delivery } from '../../eventStore/index.js';
import { type LogLine, splitLines } from './lines.js';

/**
 * How a WebSocket client gets events: `bare` as the reference system sends them, `event` each in a
 * frame with a type, `batch` many in one.
 */
export type MessageFormat = 'bare' | 'event' | 'batch';

export const bytesFormOf: Readonly<Record<MessageFormat, 'lines' | 'list'>> = {
  bare: 'lines',
  event: 'lines',
  batch: 'list',
};

const wireMarks = { caughtUp: 'caught_up', fellBehind: 'fell_behind' } as const;
const oneStarts = {
  event: Buffer.from('{"type":"event","event":'),
  message: Buffer.from('{"type":"message","message":'),
};
const oneEnd = Buffer.from('}');
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

/** What is delivered: events, or messages of a topic. */
export type DeliveredKind = 'event' | 'message';

/** The text frames of a delivery, one by one. */
export function* messagesOf(
  delivery: Delivery<BytesChunk>,
  { format, kind }: { readonly format: MessageFormat; readonly kind: DeliveredKind },
): Generator<Buffer | string> {
  if (format === 'batch') {
    yield batchMessage(delivery, kind);
    return;
  }
  for (const { bytes } of linesOf(delivery)) {
    yield format === 'bare' ? bytes : Buffer.concat([oneStarts[kind], bytes, oneEnd]);
  }
  const name = markName(delivery);
  if (format === 'event' && name !== null) {
    yield `{"type":"${name}","position":${delivery.position}}`;
  }
}

function batchMessage(delivery: Delivery<BytesChunk>, kind: DeliveredKind): Buffer {
  const mark = markOf(delivery);
  const head = `{"type":"${kind}s","position":${delivery.position},"mark":${JSON.stringify(mark)},"${kind}s":[`;
  return Buffer.concat([Buffer.from(head), delivery.chunk?.bytes ?? noEvents, batchEnd]);
}

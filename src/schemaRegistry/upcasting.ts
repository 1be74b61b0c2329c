import { AllSourceError, parseTimestamp } from '../domain/index.js';
import type { JsonValue, StoredEvent } from '../domain/index.js';
import type { BytesPage } from '../eventStore/index.js';

/** Of a page whose events were upcast: payloads may have grown. */
export const upcastPageBytesMax = 64 * 1024 * 1024;
/** Of lines at a time. */
const upcastChunkBytes = 1024 * 1024;
const sliceMs = 10;
const [quote, backslash, lineEnd] = [0x22, 0x5c, 0x0a];
const opens = { object: 0x7b, array: 0x5b };
const closes = { object: 0x7d, array: 0x5d };

/** Gives an event with the payload of the newest version of its schema. */
export type Upcast = (event: StoredEvent) => StoredEvent;

/** An event in the wire names. */
interface WireEvent {
  readonly id: string;
  readonly event_type: string;
  readonly tenant_id: string;
  readonly version: number;
  readonly timestamp: string;
  readonly position: number;
  readonly schema_version?: number;
  readonly payload: JsonValue;
}

/** Whether a read asks for the newest versions; throws `invalid_query`. */
export function isUpcast({ upcast }: { readonly upcast?: string | undefined }): boolean {
  if (upcast === undefined) return false;
  if (upcast === 'latest') return true;
  const reason = `expected 'latest', got ${JSON.stringify(upcast)}`;
  throw new AllSourceError('invalid_query', `upcast: ${reason}`, {
    details: [{ field: 'upcast', reason }],
  });
}

export async function* upcastEvents(
  events: AsyncIterable<StoredEvent>,
  upcast: Upcast,
): AsyncGenerator<StoredEvent> {
  for await (const event of events) yield upcast(event);
}

/**
 * What is upcast is written anew: numbers as JavaScript writes them. All other events keep their bytes.
 * Rejects with `unprocessable` where the page gets too large.
 */
export async function upcastPage<P extends BytesPage>(
  page: P,
  upcast: Upcast,
): Promise<P & { bytes: Buffer }> {
  const bytes = Buffer.from(page.bytes);
  // The engine wrote this text.
  const document = JSON.parse(bytes.toString()) as { events: WireEvent[] };
  const texts: (string | undefined)[] = [];
  let size = 0;
  const pause = pausing();
  for (const event of document.events) {
    const text = upcastText(event, upcast);
    texts.push(text);
    size += text?.length ?? 0;
    if (size > upcastPageBytesMax) throw tooLarge();
    await pause();
  }
  if (texts.every((text) => text === undefined)) return { ...page, bytes };
  const parts: Buffer[] = [];
  let end = 0;
  for (const [at, span] of spansOfEvents(bytes).entries()) {
    const text = texts[at];
    if (text === undefined) continue;
    parts.push(bytes.subarray(end, span.begin), Buffer.from(text));
    end = span.end;
  }
  return { ...page, bytes: Buffer.concat([...parts, bytes.subarray(end)]) };
}

/** Chunks of whole lines. */
export async function* upcastLines(
  chunks: AsyncIterable<Buffer>,
  upcast: Upcast,
): AsyncGenerator<Buffer> {
  const pause = pausing();
  for await (const chunk of chunks) {
    for await (const { bytes } of upcastSlices(chunk, { upcast, pause })) yield bytes;
  }
}

/** Some of the lines of a chunk, which may have grown. */
export interface LinesSlice {
  readonly bytes: Buffer;
  readonly count: number;
  /** Of the last event. */
  readonly position: number;
}

/** The lines of a chunk, about a MiB at a time. */
export async function* upcastSlices(
  chunk: Buffer,
  { upcast, pause = pausing() }: { readonly upcast: Upcast; readonly pause?: Pause },
): AsyncGenerator<LinesSlice> {
  let parts: Buffer[] = [];
  let size = 0;
  let begin = 0;
  let position = 0;
  const take = (): LinesSlice => {
    const slice = { bytes: Buffer.concat(parts), count: parts.length, position };
    parts = [];
    size = 0;
    return slice;
  };
  for (let end = chunk.indexOf(lineEnd); end >= 0; end = chunk.indexOf(lineEnd, begin)) {
    const line = chunk.subarray(begin, end + 1);
    begin = end + 1;
    // The engine wrote it.
    const event = JSON.parse(line.toString()) as WireEvent;
    const text = upcastText(event, upcast);
    const part = text === undefined ? line : Buffer.from(`${text}\n`);
    parts.push(part);
    size += part.length;
    position = event.position;
    await pause();
    if (size >= upcastChunkBytes) yield take();
  }
  if (parts.length > 0) yield take();
}

/** In turn, so that the process does other work between them. */
export async function upcastAll(
  events: readonly StoredEvent[],
  upcast: Upcast,
): Promise<StoredEvent[]> {
  const pause = pausing();
  const upcasted: StoredEvent[] = [];
  for (const event of events) {
    upcasted.push(upcast(event));
    await pause();
  }
  return upcasted;
}

export function upcastDocument(bytes: Buffer, upcast: Upcast): Buffer {
  const text = upcastText(JSON.parse(bytes.toString()) as WireEvent, upcast);
  return text === undefined ? bytes : Buffer.from(text);
}

/** Undefined where there is nothing to do. */
function upcastText(wire: WireEvent, upcast: Upcast): string | undefined {
  const { event_type: eventType, tenant_id: tenantId, schema_version: schemaVersion } = wire;
  const timestamp = parseTimestamp(wire.timestamp, 'timestamp');
  // All that an upcaster, and the error of one that fails, look at.
  const event = {
    ...wire,
    eventType,
    tenantId,
    schemaVersion,
    timestamp,
  } as unknown as StoredEvent;
  const upcastEvent = upcast(event);
  if (upcastEvent === event) return undefined;
  const { payload, schemaVersion: version } = upcastEvent;
  return JSON.stringify({ ...wire, payload, schema_version: version });
}

interface Span {
  readonly begin: number;
  readonly end: number;
}

/** Where the events are in the text of a page: an object whose first array has them. */
function spansOfEvents(bytes: Buffer): readonly Span[] {
  const spans: Span[] = [];
  let depth = 0;
  let begin = 0;
  let at = bytes.indexOf('[') + 1;
  for (; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === quote) at = endOfText(bytes, at);
    else if (byte === opens.object || byte === opens.array) {
      if (depth === 0) begin = at;
      depth += 1;
    } else if (byte === closes.object || byte === closes.array) {
      if (depth === 0) break;
      depth -= 1;
      if (depth === 0) spans.push({ begin, end: at + 1 });
    }
  }
  return spans;
}

/** Of the quote that ends the text that begins at another. */
function endOfText(bytes: Buffer, begin: number): number {
  let at = begin + 1;
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
  return at;
}

type Pause = () => Promise<void>;

/** Lets other work of the process go on where this has taken some milliseconds. */
function pausing(): Pause {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < sliceMs) return;
    await new Promise((resolve) => setImmediate(resolve));
    since = performance.now();
  };
}

function tooLarge(): AllSourceError {
  const message = `upcast: the page has more than ${upcastPageBytesMax} bytes; ask for a lower limit`;
  return new AllSourceError('unprocessable', message);
}

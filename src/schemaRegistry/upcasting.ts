import { AllSourceError } from '../domain/index.js';
import type { JsonValue, StoredEvent } from '../domain/index.js';
import type { BytesPage } from '../eventStore/index.js';

/** Gives an event with the payload of the newest version of its schema. */
export type Upcast = (event: StoredEvent) => StoredEvent;

/** An event in the wire names. */
interface WireEvent {
  readonly id: string;
  readonly event_type: string;
  readonly tenant_id: string;
  readonly version: number;
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

/** What is upcast is written anew: numbers as JavaScript writes them. */
export function upcastPage<P extends BytesPage>(page: P, upcast: Upcast): P & { bytes: Buffer } {
  // The engine wrote this text.
  const document = JSON.parse(Buffer.from(page.bytes).toString()) as { events: WireEvent[] };
  const events = document.events.map((event) => upcastWire(event, upcast));
  return { ...page, bytes: Buffer.from(JSON.stringify({ ...document, events })) };
}

/** Chunks of whole lines. */
export async function* upcastLines(
  chunks: AsyncIterable<Buffer>,
  upcast: Upcast,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    const lines = chunk.toString().split('\n').slice(0, -1);
    const texts = lines.map((line) => {
      return `${JSON.stringify(upcastWire(JSON.parse(line) as WireEvent, upcast))}\n`;
    });
    yield Buffer.from(texts.join(''));
  }
}

export function upcastDocument(bytes: Buffer, upcast: Upcast): Buffer {
  const event = JSON.parse(bytes.toString()) as WireEvent;
  return Buffer.from(JSON.stringify(upcastWire(event, upcast)));
}

function upcastWire(wire: WireEvent, upcast: Upcast): object {
  const { event_type: eventType, tenant_id: tenantId, schema_version: schemaVersion } = wire;
  // All that an upcaster, and the error of one that fails, look at.
  const event = { ...wire, eventType, tenantId, schemaVersion } as unknown as StoredEvent;
  const upcastEvent = upcast(event);
  if (upcastEvent === event) return wire;
  const { payload, schemaVersion: version } = upcastEvent;
  return { ...wire, payload, schema_version: version };
}

import type { StoredEvent } from '../domain/index.js';
import type {
  BytesChunk,
  Deliveries,
  Delivery,
  EventBatch,
  EventsForm,
  Subscription,
} from '../eventStore/index.js';
import { upcastAll, upcastEvents, upcastSlices } from './upcasting.js';
import type { Upcast } from './upcasting.js';

/** A subscription with the payloads of the newest versions of their schemas. */
export function upcastSubscription(subscription: Subscription, upcast: Upcast): Subscription {
  return {
    [Symbol.asyncIterator]: () => upcastBatches(subscription, upcast),
    events: (): AsyncIterable<StoredEvent> => upcastEvents(subscription.events(), upcast),
  };
}

async function* upcastBatches(
  batches: AsyncIterable<EventBatch>,
  upcast: Upcast,
): AsyncGenerator<EventBatch> {
  for await (const batch of batches) {
    yield { ...batch, events: await upcastAll(batch.events, upcast) };
  }
}

const [comma, lineEnd] = [0x2c, 0x0a];

/** The same as bytes. What has grown is delivered in pieces, so that a reader still holds about a MiB. */
export class UpcastDeliveries implements Deliveries<BytesChunk> {
  readonly #lines: Deliveries<BytesChunk>;
  readonly #options: { readonly form: EventsForm; readonly upcast: Upcast };
  #pieces: AsyncGenerator<Delivery<BytesChunk>> | undefined;

  constructor(
    lines: Deliveries<BytesChunk>,
    options: { readonly form: EventsForm; readonly upcast: Upcast },
  ) {
    this.#lines = lines;
    this.#options = options;
  }

  /** A piece has no more events than were asked for when its delivery was read. */
  async next(eventsMax: number): Promise<Delivery<BytesChunk> | undefined> {
    const piece = await this.#pieces?.next();
    if (piece?.done === false) return piece.value;
    const delivery = await this.#lines.next(eventsMax);
    if (delivery?.chunk === undefined) return delivery;
    this.#pieces = this.#piecesOf(delivery, delivery.chunk);
    return this.next(eventsMax);
  }

  /** The place that the delivery is at, and its mark, are those of the last piece. */
  async *#piecesOf(
    { position: end, mark }: Delivery<BytesChunk>,
    chunk: BytesChunk,
  ): AsyncGenerator<Delivery<BytesChunk>> {
    let left = chunk.count;
    for await (const { bytes, count, position } of upcastSlices(chunk.bytes, this.#options)) {
      left -= count;
      const isLast = left === 0;
      const piece = { bytes: this.#formed(bytes), count, nextPosition: chunk.nextPosition };
      yield { chunk: piece, position: isLast ? end : position, mark: isLast ? mark : null };
    }
  }

  #formed(lines: Buffer): Buffer {
    if (this.#options.form === 'lines') return lines;
    // JSON has no line ends but those between the events.
    const list = Buffer.from(lines.subarray(0, -1));
    for (let at = list.indexOf(lineEnd); at >= 0; at = list.indexOf(lineEnd, at)) list[at] = comma;
    return list;
  }
}

import type { Runtime } from '../../runtime.js';
import { Credit } from './credit.js';
import { bytesFormOf, messagesOf } from '../messages.js';
import { type RequestedStream, readClientFrame } from '../subscription.js';
import { WebSocketPeer, type WebSocketWire } from './webSocketPeer.js';

/** A WebSocket with a live stream: its newest subscription. */
export class StreamSession extends WebSocketPeer {
  readonly #tenantId: string;
  #delivery = new AbortController();
  #credit = new Credit(undefined);

  constructor(runtime: Runtime, wire: WebSocketWire, requested: RequestedStream) {
    super(runtime, wire);
    this.#tenantId = requested.options.tenantId;
    this.#subscribe(requested);
  }

  protected override receive(text: string): void {
    const frame = readClientFrame(text, this.#tenantId);
    if (frame.kind === 'credit') this.#credit.add(frame.events);
    else this.#subscribe(frame.requested);
  }

  protected override stop(): void {
    this.#delivery.abort();
  }

  #subscribe(requested: RequestedStream): void {
    this.#delivery.abort();
    this.#delivery = new AbortController();
    this.#credit = new Credit(requested.credit);
    if (requested.format !== 'bare') {
      const { watermark } = this.runtime.store;
      this.send(`{"type":"subscribed","watermark":${watermark}}`);
    }
    this.#deliver(requested, this.#credit, this.#delivery.signal).catch((error: unknown) =>
      this.fail(error),
    );
  }

  async #deliver(
    { options, format }: RequestedStream,
    credit: Credit,
    signal: AbortSignal,
  ): Promise<void> {
    const { wire } = this.runtime.store;
    const follower = wire.follow({ ...options, signal }, bytesFormOf[format]);
    for (;;) {
      await credit.available(signal);
      const delivery = await follower.next(credit.events);
      if (delivery === undefined) return;
      credit.take(delivery.chunk?.count ?? 0);
      await this.sendAll(messagesOf(delivery, format), signal);
    }
  }
}

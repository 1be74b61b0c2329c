import type { Runtime } from '../../runtime.js';
import { Credit } from './credit.js';
import { type MessageFormat, messagesOf } from '../messages.js';
import { type RequestedStream, deliveriesOf, kindOf, readClientFrame } from '../subscription.js';
import { WebSocketPeer, type WebSocketWire } from './webSocketPeer.js';

/** A WebSocket with a live stream: its newest subscription. */
export class StreamSession extends WebSocketPeer {
  readonly #tenantId: string;
  #delivery = new AbortController();
  #credit = new Credit(undefined);
  #format: MessageFormat = 'bare';

  constructor(runtime: Runtime, wire: WebSocketWire, requested: RequestedStream) {
    super(runtime, wire);
    this.#tenantId = requested.options.tenantId;
    this.#subscribe(requested);
  }

  /** Pings of the protocol are hidden from browsers, which would not notice a lost connection. */
  override ping(): void {
    super.ping();
    if (this.#format === 'batch' && !this.isBacklogged) this.send('{"type":"ping"}');
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
    this.#format = requested.format;
    if (requested.format !== 'bare') {
      const { store, settings } = this.runtime;
      const pings =
        requested.format === 'batch' ? `,"ping_seconds":${settings.streamPingMs / 1000}` : '';
      this.send(`{"type":"subscribed","watermark":${store.watermark}${pings}}`);
    }
    this.#deliver(requested, this.#credit, this.#delivery.signal).catch((error: unknown) =>
      this.fail(error),
    );
  }

  async #deliver(requested: RequestedStream, credit: Credit, signal: AbortSignal): Promise<void> {
    const { format } = requested;
    const kind = kindOf(requested);
    const follower = deliveriesOf(this.runtime.store, requested, signal);
    for (;;) {
      await credit.available(signal);
      const delivery = await follower.next(credit.events);
      if (delivery === undefined) return;
      credit.take(delivery.chunk?.count ?? 0);
      await this.sendAll(messagesOf(delivery, { format, kind }), signal);
    }
  }
}

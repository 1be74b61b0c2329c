import { randomUUID } from 'node:crypto';
import type { EmbeddedConsumer } from '../../../consumers/index.js';
import { tenantFor } from '../../../domain/index.js';
import type { Principal } from '../../../domain/index.js';
import { parseQueryText } from '../../http/index.js';
import type { Runtime } from '../../runtime.js';
import {
  consumers as schemas,
  creditFrame,
  frameReader,
  queryReader,
} from '../../schemas/index.js';
import { parseFrame } from '../subscription.js';
import { Credit } from './credit.js';
import { WebSocketPeer, type WebSocketWire } from './webSocketPeer.js';

/** Events of one frame at most. */
const frameEventsMax = 1000;
/** How long one look for events waits; the member is heard of at each. */
const waitMs = 30_000;

const readQuery = queryReader(schemas.pushQuery);
const readFrame = frameReader(schemas.memberFrame);
const readCredit = frameReader(creditFrame);
const readAck = frameReader(schemas.ackFrame);
const readNack = frameReader(schemas.nackFrame);

export interface Membership {
  readonly consumer: EmbeddedConsumer;
  readonly member: string;
}

/** Who wants to be a member of which consumer; throws `invalid_query` and `consumer_not_found`. */
export async function membershipOf(
  runtime: Runtime,
  { name, queryText, caller }: { name: string; queryText: string; caller: Principal },
): Promise<Membership> {
  const query = readQuery(parseQueryText(queryText));
  const tenantId = tenantFor(caller, query.tenant_id);
  const consumer = await runtime.store.consumers.get(name, { tenantId });
  return { consumer, member: query.member ?? randomUUID() };
}

/**
 * A WebSocket that is a member of a consumer: events are pushed as far as it gave credit, and it
 * acknowledges or refuses them by frames. It leaves when the connection ends.
 */
export class ConsumerSession extends WebSocketPeer {
  readonly #membership: Membership;
  readonly #credit = new Credit(0);
  readonly #end = new AbortController();

  constructor(runtime: Runtime, wire: WebSocketWire, membership: Membership) {
    super(runtime, wire);
    this.#membership = membership;
    this.send(JSON.stringify({ type: 'joined', member: membership.member }));
    this.#push().catch((error: unknown) => this.fail(error));
  }

  protected override async receive(text: string): Promise<void> {
    const { consumer, member } = this.#membership;
    const frame = parseFrame(text);
    const { type } = readFrame(frame);
    if (type === 'credit') {
      this.#credit.add(readCredit(frame).events);
      return;
    }
    if (type === 'ack') {
      this.#tell(await consumer.ack(member, readAck(frame).positions));
      return;
    }
    const { positions, reason = schemas.usualReason, delay_seconds: delay } = readNack(frame);
    const delayMs = delay === undefined ? undefined : delay * 1000;
    this.#tell(await consumer.nack(member, positions, { reason, delayMs }));
  }

  protected override stop(): void {
    if (this.#end.signal.aborted) return;
    this.#end.abort();
    const { consumer, member } = this.#membership;
    // A consumer that is gone has no members.
    consumer.leave(member).catch(() => undefined);
  }

  #tell(result: object): void {
    this.send(JSON.stringify({ type: 'acknowledged', ...result }));
  }

  async #push(): Promise<void> {
    const { consumer, member } = this.#membership;
    const { signal } = this.#end;
    while (!signal.aborted) {
      await this.#credit.available(signal);
      const limit = Math.min(this.#credit.events, frameEventsMax);
      const deliveries = await consumer.wire.pull({ member, limit, waitMs, signal });
      if (deliveries.length === 0) continue;
      this.#credit.take(deliveries.length);
      await this.sendAll([`{"type":"deliveries","deliveries":[${deliveries.join(',')}]}`], signal);
    }
  }
}

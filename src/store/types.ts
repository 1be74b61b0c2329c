import type {
  ConsumerHandler,
  ConsumerWorker,
  Consumers,
  HandlerOptions,
} from '../consumers/index.js';
import type { AnyEvent, EventShape } from '../domain/index.js';
import type { CoreStore } from '../eventStore/index.js';
import type { Webhooks } from '../webhooks/index.js';

/**
 * An open event store. Calls may be made concurrently; appends take effect in the order in which
 * they were called. Nothing is visible to any reader before it is durable.
 */
export interface EventStore<E extends EventShape = AnyEvent> extends CoreStore<E> {
  /** Durable subscriptions, whose members share the work. */
  readonly consumers: Consumers;
  /** Post events to URLs, signed and in order for each entity; the server starts them. */
  readonly webhooks: Webhooks;
  /**
   * Handles events in this process, each once: makes the consumer if it is not there, and goes on where
   * it was. What the handler appends is durable together with the record that the event was handled.
   */
  consumer(
    name: string,
    handler: ConsumerHandler,
    options?: HandlerOptions,
  ): Promise<ConsumerWorker>;
}

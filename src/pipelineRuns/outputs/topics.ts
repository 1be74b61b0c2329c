import { AllSourceError, formatTimestamp } from '../../domain/index.js';
import type { JsonValue, StoredEvent } from '../../domain/index.js';
import { tenantOf } from '../../eventStore/index.js';
import type { BytesChunk, Deliveries, ObjectsChunk, SystemAccess } from '../../eventStore/index.js';
import { isName } from '../../pipelines/index.js';
import { topicTenantOf } from './outputTexts.js';
import type { TopicForm, TopicMessage, TopicOptions } from '../types.js';

/** What comes out of pipelines at topics, which are entities of a tenant of the store's own. */
export class Topics {
  readonly #log: SystemAccess;

  constructor(log: SystemAccess) {
    this.#log = log;
  }

  /** The place to begin at is settled by the call. Throws `invalid_query` and `store_closed`. */
  subscribe(topic: string, options: TopicOptions): AsyncIterable<TopicMessage> {
    return messages(topic, this.#follow(topic, options), options.signal);
  }

  /** The same as bytes in the wire names, pulled delivery by delivery. */
  followBytes(topic: string, options: TopicOptions, form: TopicForm): Deliveries<BytesChunk> {
    const follower = this.#follow(topic, options);
    return {
      next: async (messagesMax) => {
        const delivery = await follower.next(messagesMax);
        return delivery && { ...delivery, chunk: delivery.chunk && toBytes(delivery.chunk, form) };
      },
    };
  }

  #follow(topic: string, { tenantId, from, signal }: TopicOptions): Deliveries<ObjectsChunk> {
    checkTopic(topic);
    const place = { tenantId: topicTenantOf(tenantOf(tenantId)), entityId: topic };
    return this.#log.followEntity(place, { from, signal });
  }
}

async function* messages(
  topic: string,
  follower: Deliveries<ObjectsChunk>,
  signal: AbortSignal | undefined,
): AsyncGenerator<TopicMessage> {
  for (;;) {
    const delivery = await follower.next(Infinity);
    if (delivery === undefined) return;
    for (const event of delivery.chunk?.events ?? []) {
      if (signal?.aborted === true) return;
      yield messageOf(topic, event);
    }
  }
}

function messageOf(topic: string, { id, payload, position }: StoredEvent): TopicMessage {
  // Only pipelines write to topics.
  const { pipeline, value, time } = payload as {
    readonly pipeline: string;
    readonly value: JsonValue;
    readonly time: number;
  };
  return { topic, pipeline, id, value, time, position };
}

function toBytes({ events, count, nextPosition }: ObjectsChunk, form: TopicForm): BytesChunk {
  const texts = events.map((event) => {
    const { time, position, ...message } = messageOf(event.entityId, event);
    // The position stands last: whoever cuts the lines looks for it there.
    return JSON.stringify({ ...message, time: formatTimestamp(time), position });
  });
  const text = form === 'list' ? texts.join(',') : texts.map((line) => `${line}\n`).join('');
  return { bytes: Buffer.from(text), count, nextPosition };
}

function checkTopic(topic: string): void {
  if (typeof topic === 'string' && isName(topic)) return;
  const reason = "expected a name of 1-64 letters, digits, '.', '_' and '-'";
  throw new AllSourceError('invalid_query', `topic: ${reason}`, {
    details: [{ field: 'topic', reason }],
  });
}

import type { TopicMessage, TopicOptions } from '../../pipelineRuns/index.js';
import type { Connection } from '../connection.js';
import { LiveStream } from '../liveStream.js';
import { tenantTextOf, toBegin } from '../subscription.js';
import { badOption, checkNames } from '../wire/parameters.js';
import { toTopicMessage } from '../wire/state/pipelineDocuments.js';

const optionNames: ReadonlySet<string> = new Set(['tenantId', 'from', 'signal']);
const topicPattern = /^[A-Za-z0-9._-]{1,64}$/;

/** Messages of a topic over a WebSocket; throws `invalid_query` and `store_closed`. */
export function subscribeTopic(
  connection: Connection,
  topic: string,
  options: TopicOptions,
): AsyncIterable<TopicMessage> {
  connection.mustBeOpen();
  checkNames(options, optionNames);
  if (typeof topic !== 'string' || !topicPattern.test(topic)) {
    throw badOption('topic', "expected a name of 1-64 letters, digits, '.', '_' and '-'");
  }
  const { from = 'now', tenantId = 'default', signal } = options;
  const stream = new LiveStream(connection, {
    tenantId: tenantTextOf(tenantId),
    kind: 'messages',
    read: toTopicMessage,
    filter: { topic },
    begin: toBegin(from),
    signal,
  });
  return messages(stream);
}

async function* messages(stream: LiveStream<TopicMessage>): AsyncGenerator<TopicMessage> {
  try {
    for (;;) {
      const batch = await stream.next();
      if (batch === undefined) return;
      for (const message of batch.items) {
        if (stream.hasEnded) return;
        yield message;
      }
    }
  } finally {
    stream.close();
  }
}

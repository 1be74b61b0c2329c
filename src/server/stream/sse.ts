import { AllSourceError } from '../../domain/index.js';
import type { BytesChunk, Delivery } from '../../eventStore/index.js';
import type { EmbeddedStore } from '../../store/index.js';
import type { Exchange } from '../http/index.js';
import type { LiveStream } from './liveStreams.js';
import { linesOf, markName } from './messages.js';
import { SocketProgress } from './progress.js';
import { type RequestedStream, deliveriesOf } from './subscription.js';

const lineEnd = Buffer.from('\n\n');
const pingComment = ': ping\n\n';

/**
 * A subscription as server-sent events: first `subscribed` with the watermark, then each event, or
 * message of a topic, with its position as `id`. The sender pulls chunk by chunk, so a slow reader holds up only itself.
 */
export async function* eventStreamChunks(
  exchange: Exchange,
  { options, topic }: Pick<RequestedStream, 'options' | 'topic'>,
): AsyncGenerator<Buffer> {
  const { store, streams } = exchange.runtime;
  const stop = new AbortController();
  const signal = AbortSignal.any([exchange.signal, stop.signal]);
  const stream = liveStreamOf(exchange, stop);
  streams.add(stream);
  streams.eventStreamsOpen += 1;
  try {
    // What is wrong with the place to begin at is told before the answer begins.
    const follower = deliveriesOf(store, { options, topic, format: 'event' }, signal);
    yield greeting(store);
    for (;;) {
      const delivery = await follower.next(Infinity);
      if (delivery === undefined) return;
      exchange.resultCount += delivery.chunk?.count ?? 0;
      yield encode(delivery);
    }
  } catch (error) {
    if (!isTold(error)) throw error;
    streams.errors += 1;
    yield failure(error);
  } finally {
    streams.delete(stream);
    streams.eventStreamsOpen -= 1;
  }
}

function greeting(store: EmbeddedStore): Buffer {
  return Buffer.from(`event: subscribed\ndata: {"watermark":${store.watermark}}\n\n`);
}

/** What the client can do something about: an event that can't be upcast. */
function isTold(error: unknown): error is AllSourceError {
  return error instanceof AllSourceError && error.code === 'unprocessable';
}

/** Not called `error`, by which browsers tell of lost connections. */
function failure({ code, message }: AllSourceError): Buffer {
  return Buffer.from(`event: failed\ndata: ${JSON.stringify({ error: message, code })}\n\n`);
}

function encode(delivery: Delivery<BytesChunk>): Buffer {
  const parts: Buffer[] = [];
  for (const { position, bytes } of linesOf(delivery)) {
    parts.push(Buffer.from(`id: ${position}\ndata: `), bytes, lineEnd);
  }
  const name = markName(delivery);
  if (name !== null) {
    const { position } = delivery;
    // Its id is what the client resumes behind, though no event of its filter was there.
    parts.push(Buffer.from(`id: ${position}\nevent: ${name}\ndata: {"position":${position}}\n\n`));
  }
  return Buffer.concat(parts);
}

function liveStreamOf({ response, session }: Exchange, stop: AbortController): LiveStream {
  const progress = response.socket === null ? undefined : new SocketProgress(response.socket);
  let silentPings = 0;
  return {
    recheck: () => {
      if (session?.isValid() === false) stop.abort();
    },
    ping: () => {
      if (progress?.isWaiting !== true) {
        silentPings = 0;
        if (response.headersSent && !response.writableNeedDrain) response.write(pingComment);
        return;
      }
      silentPings = progress.hasMoved() ? 0 : silentPings + 1;
      if (silentPings >= 2) response.destroy();
    },
    end: () => stop.abort(),
    cut: () => response.destroy(),
  };
}

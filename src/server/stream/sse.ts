import type { EventStore } from '../../eventStore/index.js';
import type { Exchange } from '../http/index.js';
import { type LogLine, type Subscription, followLog } from './followLog.js';
import type { LiveStream } from './liveStreams.js';
import { SocketProgress } from './progress.js';

const lineEnd = Buffer.from('\n\n');
const pingComment = ': ping\n\n';

/**
 * A subscription as server-sent events: first `subscribed` with the watermark, then each event with
 * its position as `id`. The sender pulls chunk by chunk, so a slow reader holds up only itself.
 */
export async function* eventStreamChunks(
  exchange: Exchange,
  subscription: Subscription,
): AsyncGenerator<Buffer> {
  const { store, streams } = exchange.runtime;
  const stop = new AbortController();
  const signal = AbortSignal.any([exchange.signal, stop.signal]);
  const stream = liveStreamOf(exchange, stop);
  streams.add(stream);
  streams.eventStreamsOpen += 1;
  try {
    yield greeting(store);
    for await (const lines of followLog(store, subscription, signal)) {
      exchange.resultCount += lines.length;
      yield encode(lines);
    }
  } finally {
    streams.delete(stream);
    streams.eventStreamsOpen -= 1;
  }
}

function greeting(store: EventStore): Buffer {
  return Buffer.from(`event: subscribed\ndata: {"watermark":${store.watermark}}\n\n`);
}

function encode(lines: readonly LogLine[]): Buffer {
  const parts: Buffer[] = [];
  for (const { position, bytes } of lines) {
    parts.push(Buffer.from(`id: ${position}\ndata: `), bytes, lineEnd);
  }
  return Buffer.concat(parts);
}

function liveStreamOf({ response }: Exchange, stop: AbortController): LiveStream {
  const progress = response.socket === null ? undefined : new SocketProgress(response.socket);
  let silentPings = 0;
  return {
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

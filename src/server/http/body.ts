import type { IncomingMessage } from 'node:http';
import { AllSourceError } from '../../domain/index.js';
import { chunkBytesMax, pooledBytesMax } from '../bodyMemory.js';
import type { Exchange } from './exchange.js';
import { bodyMediaType } from './mediaTypes.js';
import type { BodyRule } from './types.js';

/** Bytes of a refused body that are read and dropped, so that the client can read its answer. */
const discardBytesMax = 128 * 1024 * 1024;

interface BodyOutcome {
  readonly done: (exchange: Exchange) => void;
  readonly failed: (exchange: Exchange, error: unknown) => void;
}

/**
 * Reads the request's body into `exchange.body`; one chunk is taken as it is, without a copy.
 * Fails with `unsupported_media_type`, `payload_too_large`, `overloaded`, or `aborted` where the
 * client left.
 */
export function collectBody(exchange: Exchange, rule: BodyRule, outcome: BodyOutcome): void {
  const { request, runtime } = exchange;
  const bytesMax =
    rule.limit === 'event'
      ? runtime.settings.eventBodyBytesMax
      : runtime.settings.batchBodyBytesMax;
  checkHead(request, rule, bytesMax);
  const collector = new BodyCollector(exchange);
  let isOver = false;
  const fail = (error: unknown): void => {
    if (isOver) return;
    isOver = true;
    outcome.failed(exchange, error);
  };
  request.on('data', (chunk: Buffer) => {
    if (isOver) return;
    const isHeld = runtime.bodyMemory.hold(chunk.length);
    exchange.bodyBytesHeld += chunk.length;
    if (exchange.bodyBytesHeld > bytesMax) fail(tooLarge(bytesMax));
    else if (!isHeld) fail(overloaded());
    else collector.add(chunk);
  });
  request.on('end', () => {
    if (isOver) return;
    isOver = true;
    exchange.body = collector.whole();
    exchange.readAtMs = performance.now();
    outcome.done(exchange);
  });
  request.on('error', () => fail(new AllSourceError('aborted', 'the client left')));
}

/** Gives back what `collectBody` took; nobody may read the body after it. */
export function releaseBody(exchange: Exchange): void {
  const { bodyMemory } = exchange.runtime;
  bodyMemory.release(exchange.bodyBytesHeld);
  exchange.bodyBytesHeld = 0;
  if (exchange.pooledBody === undefined) return;
  bodyMemory.giveBack(exchange.pooledBody);
  exchange.pooledBody = undefined;
}

/** Puts chunks together: in a pooled buffer where the length is known and moderate. */
class BodyCollector {
  readonly #chunks: Buffer[] = [];
  readonly #pooled: Buffer | undefined;
  #bytes = 0;

  constructor(exchange: Exchange) {
    const declared = Number(exchange.request.headers['content-length'] ?? 0);
    if (declared > chunkBytesMax && declared <= pooledBytesMax) {
      this.#pooled = exchange.runtime.bodyMemory.take(declared);
      exchange.pooledBody = this.#pooled;
    }
  }

  /** The parser of `node:http` gives no more than was declared. */
  add(chunk: Buffer): void {
    if (this.#pooled === undefined) this.#chunks.push(chunk);
    else chunk.copy(this.#pooled, this.#bytes);
    this.#bytes += chunk.length;
  }

  whole(): Buffer {
    if (this.#pooled !== undefined) return this.#pooled.subarray(0, this.#bytes);
    const [first] = this.#chunks;
    return first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
  }
}

/**
 * Reads what is left of a refused request and drops it: closing at once would reset the connection
 * before the client has read why. Past a bound the connection is cut.
 */
export function discardRest(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  let bytes = 0;
  request.removeAllListeners('data');
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > discardBytesMax) request.socket.destroy();
  });
  request.on('error', () => undefined);
  request.resume();
}

function checkHead(request: IncomingMessage, rule: BodyRule, bytesMax: number): void {
  const header = request.headers['content-type'];
  const [wanted] = rule.mediaTypes;
  if (header !== wanted) {
    const type = bodyMediaType(header);
    if (type === undefined || !rule.mediaTypes.includes(type)) {
      throw new AllSourceError(
        'unsupported_media_type',
        `content-type: expected ${rule.mediaTypes.join(' or ')} in UTF-8, got ` +
          (header === undefined ? 'none' : JSON.stringify(header.slice(0, 64))),
      );
    }
  }
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new AllSourceError(
      'unsupported_media_type',
      'content-encoding: expected none; send the body uncompressed',
    );
  }
  if (Number(request.headers['content-length']) > bytesMax) throw tooLarge(bytesMax);
  if (request.readableDidRead) {
    throw new Error('the body was read before: mount this app in front of every body parser');
  }
}

function tooLarge(bytesMax: number): AllSourceError {
  return new AllSourceError(
    'payload_too_large',
    `body: expected at most ${bytesMax} bytes; send fewer or smaller events`,
  );
}

function overloaded(): AllSourceError {
  return new AllSourceError('overloaded', 'too many bytes of requests are waiting; try again');
}

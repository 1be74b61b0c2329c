import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import { AllSourceError } from '../../domain/index.js';
import { publicError } from '../http/index.js';
import type { Runtime } from '../runtime.js';
import { Credit } from './credit.js';
import type { LiveStream } from './liveStreams.js';
import { bytesFormOf, messagesOf } from './messages.js';
import { SocketProgress } from './progress.js';
import { type RequestedStream, readClientFrame } from './subscription.js';

const goingAway = 1001;
const internalError = 1011;
const asText = { binary: false };

/** One WebSocket: its newest subscription, delivered as fast as the client reads. */
export class WebSocketSession implements LiveStream {
  readonly #runtime: Runtime;
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #tenantId: string;
  readonly #progress: SocketProgress;
  #delivery = new AbortController();
  #credit = new Credit(undefined);
  #isAlive = true;

  constructor(
    runtime: Runtime,
    wire: { webSocket: WebSocket; socket: Socket },
    requested: RequestedStream,
  ) {
    this.#runtime = runtime;
    this.#webSocket = wire.webSocket;
    this.#socket = wire.socket;
    this.#tenantId = requested.options.tenantId;
    this.#progress = new SocketProgress(wire.socket);
    runtime.streams.add(this);
    runtime.streams.webSocketsOpen += 1;
    runtime.streams.webSocketsOpened += 1;
    this.#listen();
    this.#subscribe(requested);
  }

  ping(): void {
    // A slow reader answers late, behind all that waits for it: that it reads is enough.
    const isReading = this.#progress.hasMoved() && this.#progress.isWaiting;
    if (!this.#isAlive && !isReading) {
      this.#webSocket.terminate();
      return;
    }
    this.#isAlive = false;
    if (this.#webSocket.bufferedAmount <= this.#bufferBytesMax) this.#webSocket.ping();
  }

  end(): void {
    this.#delivery.abort();
    this.#webSocket.close(goingAway, 'the server is stopping');
  }

  cut(): void {
    this.#webSocket.terminate();
  }

  get #bufferBytesMax(): number {
    return this.#runtime.settings.streamBufferBytesMax;
  }

  #listen(): void {
    const { streams } = this.#runtime;
    this.#webSocket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    this.#webSocket.on('pong', () => (this.#isAlive = true));
    this.#webSocket.on('ping', () => this.#boundAnswers());
    this.#webSocket.on('error', () => (streams.errors += 1));
    this.#webSocket.on('close', () => {
      this.#delivery.abort();
      streams.delete(this);
      streams.webSocketsOpen -= 1;
    });
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.#isAlive = true;
    if (!this.#boundAnswers()) return;
    try {
      if (isBinary) throw new AllSourceError('validation_error', 'expected a text frame');
      // `ws` gives text as one Buffer unless another binaryType is asked for.
      const text = (data as Buffer).toString('utf8');
      const frame = readClientFrame(text, this.#tenantId);
      if (frame.kind === 'credit') this.#credit.add(frame.events);
      else this.#subscribe(frame.requested);
    } catch (error) {
      this.#sendError(error);
    }
  }

  /** A client that asks and never reads would fill the memory with answers: it is cut off. */
  #boundAnswers(): boolean {
    if (this.#webSocket.bufferedAmount <= 2 * this.#bufferBytesMax) return true;
    this.#runtime.streams.errors += 1;
    this.#webSocket.terminate();
    return false;
  }

  #subscribe(requested: RequestedStream): void {
    this.#delivery.abort();
    this.#delivery = new AbortController();
    this.#credit = new Credit(requested.credit);
    if (requested.format !== 'bare') {
      const { watermark } = this.#runtime.store;
      this.#webSocket.send(`{"type":"subscribed","watermark":${watermark}}`);
      this.#runtime.streams.messagesSent += 1;
    }
    this.#deliver(requested, this.#credit, this.#delivery.signal).catch((error: unknown) => {
      this.#runtime.logger.error({ err: error }, 'live stream failed');
      this.#sendError(error);
      this.#webSocket.close(internalError);
    });
  }

  async #deliver(
    { options, format }: RequestedStream,
    credit: Credit,
    signal: AbortSignal,
  ): Promise<void> {
    const { wire } = this.#runtime.store;
    const follower = wire.follow({ ...options, signal }, bytesFormOf[format]);
    for (;;) {
      await credit.available(signal);
      const delivery = await follower.next(credit.events);
      if (delivery === undefined) return;
      credit.take(delivery.chunk?.count ?? 0);
      await this.#send(messagesOf(delivery, format), signal);
    }
  }

  /** Sends messages, and waits for the peer whenever the buffer is full. */
  async #send(messages: Iterable<Buffer | string>, signal: AbortSignal): Promise<void> {
    this.#socket.cork();
    for (const message of messages) {
      if (signal.aborted) break;
      this.#webSocket.send(message, asText);
      this.#runtime.streams.messagesSent += 1;
      if (this.#webSocket.bufferedAmount <= this.#bufferBytesMax) continue;
      this.#socket.uncork();
      await this.#whenTaken();
      this.#socket.cork();
    }
    this.#socket.uncork();
  }

  /** Resolves in a later turn: when what was sent has left the process, or the peer has gone. */
  #whenTaken(): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve) => {
      const finish = (): void => {
        socket.off('drain', finish);
        socket.off('close', finish);
        resolve();
      };
      socket.on('drain', finish);
      socket.on('close', finish);
      // Never at once: the turn of the loop that tells of a closed socket has to come.
      if (socket.destroyed || !socket.writableNeedDrain) setImmediate(finish);
    });
  }

  #sendError(error: unknown): void {
    const told = publicError(error);
    this.#runtime.streams.errors += 1;
    this.#webSocket.send(
      JSON.stringify({
        type: 'error',
        error: told.message,
        code: told.code,
        ...(told.details === undefined ? {} : { details: told.details }),
      }),
    );
  }
}

import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import { AllSourceError } from '../../../domain/index.js';
import type { Session } from '../../auth/index.js';
import { publicError } from '../../http/index.js';
import type { Runtime } from '../../runtime.js';
import type { LiveStream } from '../liveStreams.js';
import { SocketProgress } from '../progress.js';

const goingAway = 1001;
const internalError = 1011;
/** Of the range for applications: who the peer was, it is no more. */
const notAllowed = 4401;
const asText = { binary: false };

export interface WebSocketWire {
  readonly webSocket: WebSocket;
  readonly socket: Socket;
  readonly caller: Session;
}

/**
 * One WebSocket: takes text frames, sends text frames as fast as the client reads, answers bad ones with
 * an error, and notices when nobody is there any more.
 */
export abstract class WebSocketPeer implements LiveStream {
  protected readonly runtime: Runtime;
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #caller: Session;
  readonly #progress: SocketProgress;
  #isAlive = true;

  constructor(runtime: Runtime, wire: WebSocketWire) {
    this.runtime = runtime;
    this.#webSocket = wire.webSocket;
    this.#socket = wire.socket;
    this.#caller = wire.caller;
    this.#progress = new SocketProgress(wire.socket);
    runtime.streams.add(this);
    runtime.streams.webSocketsOpen += 1;
    runtime.streams.webSocketsOpened += 1;
    this.#listen();
  }

  recheck(): void {
    if (this.#caller.isValid()) return;
    this.stop();
    this.#webSocket.close(notAllowed, 'the credentials count no more');
  }

  ping(): void {
    // A slow reader answers late, behind all that waits for it: that it reads is enough.
    const isReading = this.#progress.hasMoved() && this.#progress.isWaiting;
    if (!this.#isAlive && !isReading) {
      this.#webSocket.terminate();
      return;
    }
    this.#isAlive = false;
    if (!this.isBacklogged) this.#webSocket.ping();
  }

  end(): void {
    this.stop();
    this.#webSocket.close(goingAway, 'the server is stopping');
  }

  cut(): void {
    this.#webSocket.terminate();
  }

  /** What the client sent; an error is told to it. */
  protected abstract receive(text: string): Promise<void> | void;
  /** Nothing is to be sent any more: the client has gone, or the server goes. */
  protected abstract stop(): void;

  protected send(message: Buffer | string): void {
    this.#webSocket.send(message, asText);
    this.runtime.streams.messagesSent += 1;
  }

  /** More waits for the client than it should. */
  protected get isBacklogged(): boolean {
    return this.#webSocket.bufferedAmount > this.#bufferBytesMax;
  }

  /** Sends messages, and waits for the client whenever the buffer is full. */
  protected async sendAll(messages: Iterable<Buffer | string>, signal: AbortSignal): Promise<void> {
    this.#socket.cork();
    for (const message of messages) {
      if (signal.aborted) break;
      this.send(message);
      if (!this.isBacklogged) continue;
      this.#socket.uncork();
      await this.#whenTaken();
      this.#socket.cork();
    }
    this.#socket.uncork();
  }

  /** Tells an error after which there is nothing more to send, and closes. */
  protected fail(error: unknown): void {
    this.runtime.logger.error({ err: error }, 'live stream failed');
    this.#sendError(error);
    this.#webSocket.close(internalError);
  }

  get #bufferBytesMax(): number {
    return this.runtime.settings.streamBufferBytesMax;
  }

  #listen(): void {
    const { streams } = this.runtime;
    this.#webSocket.on('message', (data, isBinary) => void this.#take(data, isBinary));
    this.#webSocket.on('pong', () => (this.#isAlive = true));
    this.#webSocket.on('ping', () => this.#boundAnswers());
    this.#webSocket.on('error', () => (streams.errors += 1));
    this.#webSocket.on('close', () => {
      this.stop();
      streams.delete(this);
      streams.webSocketsOpen -= 1;
    });
  }

  async #take(data: RawData, isBinary: boolean): Promise<void> {
    this.#isAlive = true;
    if (!this.#boundAnswers()) return;
    try {
      if (isBinary) throw new AllSourceError('validation_error', 'expected a text frame');
      // `ws` gives text as one Buffer unless another binaryType is asked for.
      await this.receive((data as Buffer).toString('utf8'));
    } catch (error) {
      this.#sendError(error);
    }
  }

  /** A client that asks and never reads would fill the memory with answers: it is cut off. */
  #boundAnswers(): boolean {
    if (this.#webSocket.bufferedAmount <= 2 * this.#bufferBytesMax) return true;
    this.runtime.streams.errors += 1;
    this.#webSocket.terminate();
    return false;
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
    this.runtime.streams.errors += 1;
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

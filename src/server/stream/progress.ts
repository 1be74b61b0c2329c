import type { Socket } from 'node:net';

/** Says whether a socket's peer still takes bytes. */
export class SocketProgress {
  readonly #socket: Socket;
  #takenBytes = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** True where bytes left the process since the last call. */
  hasMoved(): boolean {
    // What was written, without what still waits: only whole writes that were taken count.
    const takenBytes = this.#socket.bytesWritten - this.#socket.writableLength;
    const moved = takenBytes > this.#takenBytes;
    this.#takenBytes = takenBytes;
    return moved;
  }

  get isWaiting(): boolean {
    return this.#socket.writableLength > 0;
  }
}

const kibibyte = 1024;

/** Bodies up to one read of a socket come in one chunk, and need no buffer of their own. */
export const chunkBytesMax = 64 * kibibyte;
/** Longer bodies are collected chunk by chunk: what a client only announces takes no memory. */
export const pooledBytesMax = 1024 * kibibyte;

const sizeClasses = [128 * kibibyte, 256 * kibibyte, 512 * kibibyte, pooledBytesMax];
const keptBytesMax = 16 * 1024 * kibibyte;

/**
 * The memory of request bodies: a bound on all of them together, and buffers that are used again.
 * Fresh memory of a batch's size costs more than reading its JSON: each page is touched for the
 * first time, and the garbage collector runs for it.
 */
export class BodyMemory {
  readonly #bytesMax: number;
  readonly #free = new Map<number, Buffer[]>();
  #heldBytes = 0;
  #keptBytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Counts bytes that arrived; false where they are too many. They count until `release`. */
  hold(bytes: number): boolean {
    this.#heldBytes += bytes;
    return this.#heldBytes <= this.#bytesMax;
  }

  release(bytes: number): void {
    this.#heldBytes -= bytes;
  }

  /** A buffer of at least `bytes`, up to `pooledBytesMax`, with anything in it. */
  take(bytes: number): Buffer {
    const size = sizeClasses.find((candidate) => candidate >= bytes) ?? bytes;
    const buffer = this.#free.get(size)?.pop();
    if (buffer === undefined) return Buffer.allocUnsafeSlow(size);
    this.#keptBytes -= size;
    return buffer;
  }

  /** Only what `take` gave, and nobody reads any more. */
  giveBack(buffer: Buffer): void {
    if (this.#keptBytes + buffer.length > keptBytesMax) return;
    this.#keptBytes += buffer.length;
    const list = this.#free.get(buffer.length);
    if (list === undefined) this.#free.set(buffer.length, [buffer]);
    else list.push(buffer);
  }
}

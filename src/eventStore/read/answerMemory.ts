const chunkBytes = 256 * 1024;
/** Larger answers get memory of their own. */
const sharedBytesMax = 32 * 1024;

/**
 * Memory for answers that callers keep. Small ones share a chunk, as Node's own pool does it for less
 * than 4 KiB; an allocation for each costs as much as reading ten events.
 */
export class AnswerMemory {
  #chunk = Buffer.allocUnsafeSlow(0);
  #used = 0;

  /** A copy of the first `bytes` bytes. */
  copy(source: Buffer, bytes: number): Buffer {
    const target = bytes > sharedBytesMax ? Buffer.allocUnsafeSlow(bytes) : this.#take(bytes);
    source.copy(target, 0, 0, bytes);
    return target;
  }

  #take(bytes: number): Buffer {
    if (this.#used + bytes > this.#chunk.length) {
      this.#chunk = Buffer.allocUnsafeSlow(chunkBytes);
      this.#used = 0;
    }
    const begin = this.#used;
    this.#used += bytes;
    return this.#chunk.subarray(begin, this.#used);
  }
}

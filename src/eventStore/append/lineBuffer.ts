const lineFeed = 0x0a;
/** UTF-8 needs at most three bytes for a UTF-16 unit. */
const bytesPerUnitMax = 3;

/**
 * NDJSON on its way to the engine: each line is written as UTF-8 at once, which costs a quarter of
 * joining the lines first.
 */
export class LineBuffer {
  static readonly bytesMin = 1024 * 1024;

  readonly #bytes: Buffer;
  #length = 0;

  /** Room for at least one line of `units` UTF-16 units, or as many bytes. */
  constructor(units: number) {
    const needed = units * bytesPerUnitMax + 1;
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(needed, LineBuffer.bytesMin));
  }

  /** False where the line might not fit; nothing was written then. */
  add(line: string | Uint8Array): boolean {
    if (this.#length + line.length * bytesPerUnitMax + 1 > this.#bytes.length) return false;
    if (typeof line === 'string') {
      this.#length += this.#bytes.write(line, this.#length);
    } else {
      this.#bytes.set(line, this.#length);
      this.#length += line.length;
    }
    this.#bytes[this.#length] = lineFeed;
    this.#length += 1;
    return true;
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  /** Whether it is worth keeping for the next lines. */
  get isOrdinary(): boolean {
    return this.#bytes.length === LineBuffer.bytesMin;
  }
}

/** Keeps a few buffers, since fresh memory is slow at first touch. */
export class LineBufferPool {
  static readonly #keptMax = 4;
  readonly #free: LineBuffer[] = [];

  take(units: number): LineBuffer {
    const needsOwn = units * bytesPerUnitMax + 1 > LineBuffer.bytesMin;
    return (needsOwn ? undefined : this.#free.pop()) ?? new LineBuffer(units);
  }

  giveBack(buffer: LineBuffer): void {
    if (!buffer.isOrdinary || this.#free.length === LineBufferPool.#keptMax) return;
    buffer.clear();
    this.#free.push(buffer);
  }
}

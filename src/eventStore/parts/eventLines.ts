/** Of one append. */
const sliceBytesMax = 8 * 1024 * 1024;
const sliceEventsMax = 20_000;
const firstBytes = 4096;
/** Bytes of UTF-8 for one UTF-16 unit, at most. */
const unitBytesMax = 3;
const lineEnd = 0x0a;

/** Some of the lines. */
export interface LinesSlice {
  readonly bytes: Buffer;
  /** Behind each line. */
  readonly ends: readonly number[];
}

/**
 * Events as lines of JSON, gathered for an append. They are bytes at once: of the texts, and of what
 * those were made of, nothing is kept meanwhile.
 */
export class EventLines {
  #bytes: Buffer;
  readonly #ends: number[] = [];

  /** @param likelyBytes of all lines together. */
  constructor(likelyBytes = 0) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(likelyBytes, firstBytes));
  }

  get count(): number {
    return this.#ends.length;
  }
  get bytes(): number {
    return this.#ends.at(-1) ?? 0;
  }

  /** JSON text of one event, without the end of a line. */
  add(text: string): void {
    const begin = this.bytes;
    this.#reserve(begin + text.length * unitBytesMax + 1);
    const end = begin + this.#bytes.write(text, begin);
    this.#bytes[end] = lineEnd;
    this.#ends.push(end + 1);
  }

  /** All lines in order, as many together as one append takes; none may be added meanwhile. */
  *slices(): Generator<LinesSlice> {
    const whole = { bytes: this.#bytes, ends: this.#ends };
    for (let first = 0; first < this.count;) {
      const begin = this.#ends[first - 1] ?? 0;
      let last = first + 1;
      while (last < this.count && last - first < sliceEventsMax) {
        if ((this.#ends[last] ?? 0) - begin > sliceBytesMax) break;
        last += 1;
      }
      yield linesOf(whole, first, last);
      first = last;
    }
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(bytes, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.bytes);
    this.#bytes = larger;
  }
}

/** The lines from `first` to before `last` of some. */
export function linesOf({ bytes, ends }: LinesSlice, first: number, last: number): LinesSlice {
  const begin = ends[first - 1] ?? 0;
  const wanted = ends.slice(first, last).map((end) => end - begin);
  return { bytes: bytes.subarray(begin, begin + (wanted.at(-1) ?? 0)), ends: wanted };
}

import { AllSourceError, type ErrorCode, eventBytesMax } from '../domain/index.js';

/** Longest line taken: the largest event with room for its envelope and for white space. */
const lineBytesMax = 2 * eventBytesMax;
/** A batch is closed once it has this many bytes, whatever its number of lines. */
const batchBytesTarget = 8 * 1024 * 1024;
const newline = 10;
const openingBracket = 0x5b;

/** Whole lines that are appended as one. */
export interface LineBatch {
  readonly bytes: Uint8Array;
  /** Number of the first line in the whole input, from 1. */
  readonly firstLine: number;
  readonly lines: number;
  /** Lines that hold more than white space. */
  readonly events: number;
  /** Bytes of the input up to the end of this batch. */
  readonly inputBytes: number;
}

export interface LineBatchOptions {
  readonly linesMax: number;
  /** Lines at the beginning that are passed over. */
  readonly skipLines: number;
}

/**
 * Cuts a stream of bytes at line ends. Throws, naming the line, `payload_too_large` for one over
 * 4 MiB, and `validation_error` for one that holds an array.
 */
export async function* cutIntoBatches(
  source: AsyncIterable<Uint8Array>,
  options: LineBatchOptions,
): AsyncGenerator<LineBatch> {
  const cutter = new LineCutter(options);
  for await (const chunk of source) yield* cutter.take(chunk);
  yield* cutter.finish();
}

class LineCutter {
  readonly #options: LineBatchOptions;
  #buffer = Buffer.alloc(0);
  /** Ends of the lines found in the buffer, and where the search goes on. */
  #scanned = 0;
  #lineStart = 0;
  #lines = 0;
  #events = 0;
  #linesBefore = 0;
  #inputBytes = 0;

  constructor(options: LineBatchOptions) {
    this.#options = options;
  }

  *take(chunk: Uint8Array): Generator<LineBatch> {
    this.#buffer = this.#buffer.length === 0 ? Buffer.from(chunk) : this.#join(chunk);
    for (;;) {
      const end = this.#buffer.indexOf(newline, this.#scanned);
      if (end === -1) break;
      yield* this.#closeLine(end + 1);
    }
    this.#scanned = this.#buffer.length;
    if (this.#buffer.length - this.#lineStart > lineBytesMax) throw this.#lineTooLong();
  }

  *finish(): Generator<LineBatch> {
    if (this.#lineStart < this.#buffer.length) yield* this.#closeLine(this.#buffer.length);
    if (this.#lines > 0) yield this.#closeBatch();
  }

  #join(chunk: Uint8Array): Buffer<ArrayBuffer> {
    return Buffer.concat([this.#buffer, chunk]);
  }

  *#closeLine(end: number): Generator<LineBatch> {
    if (end - this.#lineStart > lineBytesMax) throw this.#lineTooLong();
    if (this.#linesBefore + this.#lines < this.#options.skipLines) {
      this.#linesBefore += 1;
      this.#dropUpTo(end);
      return;
    }
    const first = firstByte(this.#buffer, this.#lineStart, end);
    // A batch that began with it would be taken for one array of events.
    if (first === openingBracket) throw this.#lineIsArray();
    if (first !== undefined) this.#events += 1;
    this.#lines += 1;
    this.#lineStart = end;
    this.#scanned = end;
    if (this.#lines >= this.#options.linesMax || end >= batchBytesTarget) yield this.#closeBatch();
  }

  #closeBatch(): LineBatch {
    const end = this.#lineStart;
    const batch = {
      bytes: this.#buffer.subarray(0, end),
      firstLine: this.#linesBefore + 1,
      lines: this.#lines,
      events: this.#events,
      inputBytes: this.#inputBytes + end,
    };
    this.#linesBefore += this.#lines;
    this.#lines = 0;
    this.#events = 0;
    this.#dropUpTo(end);
    return batch;
  }

  #dropUpTo(end: number): void {
    this.#inputBytes += end;
    this.#buffer = this.#buffer.subarray(end);
    this.#lineStart = 0;
    this.#scanned = 0;
  }

  #lineTooLong(): AllSourceError {
    return this.#refusal('payload_too_large', `expected a line of at most ${lineBytesMax} bytes`);
  }

  #lineIsArray(): AllSourceError {
    return this.#refusal('validation_error', 'expected an event, got an array; one event a line');
  }

  #refusal(code: ErrorCode, reason: string): AllSourceError {
    const line = this.#linesBefore + this.#lines + 1;
    return new AllSourceError(code, `line ${line}: ${reason}`, { details: [{ line, reason }] });
  }
}

/** The first byte that is not white space; undefined in a blank line. */
function firstByte(buffer: Uint8Array, start: number, end: number): number | undefined {
  for (let index = start; index < end; index += 1) {
    const byte = buffer[index];
    if (byte !== 32 && byte !== 9 && byte !== 13 && byte !== newline) return byte;
  }
  return undefined;
}

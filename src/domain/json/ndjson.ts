import { AllSourceError, abortedError } from '../errors.js';
import { batchBytesMax } from '../limits.js';

// Input of bytes, as both kinds of store take it.

const lineFeed = 0x0a;

/** All chunks of one atomic batch; throws `payload_too_large`. */
export async function collectBytes(source: unknown): Promise<Uint8Array> {
  if (!isAsyncIterable(source)) {
    throw new AllSourceError(
      'validation_error',
      'events: expected an array of events, a Uint8Array, or an async iterable of Uint8Array',
    );
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    checkChunk(chunk);
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > batchBytesMax) {
      throw new AllSourceError(
        'payload_too_large',
        `expected at most ${batchBytesMax} bytes in one atomic batch; use ingest for longer input`,
      );
    }
  }
  return joinBytes(chunks, bytes);
}

function isAsyncIterable(value: unknown): value is AsyncIterable<Uint8Array> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

function checkChunk(chunk: unknown): void {
  if (chunk instanceof Uint8Array) return;
  throw new AllSourceError(
    'validation_error',
    `the source gave ${typeof chunk}, expected Uint8Array; read streams without an encoding`,
  );
}

function joinBytes(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  const joined = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.byteLength;
  }
  return joined;
}

/** The first character that is no white space; empty where there is none. */
export function firstCharacter(bytes: Uint8Array): string {
  const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
  const at = bytes.findIndex((byte) => !isSpace(byte));
  return at < 0 ? '' : String.fromCharCode(bytes[at] ?? 0);
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}

interface LineBatch {
  readonly bytes: Uint8Array;
  readonly lines: number;
}

/** Cuts NDJSON into pieces of `linesMax` whole lines; only the last may lack its line break. */
async function* lineBatches(
  source: AsyncIterable<Uint8Array>,
  linesMax: number,
): AsyncGenerator<LineBatch> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let lines = 0;
  for await (const chunk of source) {
    checkChunk(chunk);
    let begin = 0;
    for (let at = chunk.indexOf(lineFeed); at >= 0; at = chunk.indexOf(lineFeed, at + 1)) {
      lines += 1;
      const bytes = heldBytes + at + 1 - begin;
      if (lines < linesMax && bytes < batchBytesMax / 4) continue;
      yield { bytes: joinBytes([...held, chunk.subarray(begin, at + 1)], bytes), lines };
      begin = at + 1;
      held = [];
      heldBytes = 0;
      lines = 0;
    }
    if (begin < chunk.length) held.push(chunk.subarray(begin));
    heldBytes += chunk.length - begin;
    if (heldBytes > batchBytesMax) throw tooLongLine();
  }
  if (heldBytes > 0) yield { bytes: joinBytes(held, heldBytes), lines: lines + 1 };
}

function tooLongLine(): AllSourceError {
  return new AllSourceError(
    'payload_too_large',
    `expected lines of NDJSON, got ${batchBytesMax} bytes without a line break`,
  );
}

export interface IngestRun {
  /** Lines of a batch. */
  readonly batchEvents: number;
  /** Batches that are under way at a time. */
  readonly inFlight: number;
  /** Called after each acknowledged batch, in the order of the input. */
  readonly onProgress?:
    ((progress: { readonly events: number; readonly bytes: number }) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Appends whole lines, before which there were some; tells how many events were written. */
  append(bytes: Uint8Array, linesBefore: number): Promise<number>;
  /** True where no further batch is to be begun. */
  hasFailed(): boolean;
}

/** Appends NDJSON of any length in batches; tells what was written. */
export async function ingestLines(
  source: AsyncIterable<Uint8Array>,
  run: IngestRun,
): Promise<{ readonly events: number; readonly bytes: number }> {
  if (!isAsyncIterable(source)) {
    throw new AllSourceError(
      'validation_error',
      'source: expected an async iterable of Uint8Array',
    );
  }
  const inFlight: Promise<void>[] = [];
  const total = { events: 0, bytes: 0 };
  let linesBefore = 0;
  for await (const batch of lineBatches(source, run.batchEvents)) {
    if (run.signal?.aborted) throw abortedError();
    if (run.hasFailed()) break;
    if (!isBlank(batch.bytes)) {
      const done = run.append(batch.bytes, linesBefore).then((events) => {
        total.events += events;
        total.bytes += batch.bytes.length;
        run.onProgress?.({ ...total });
      });
      // Rejections are met when the promise's turn comes; until then nobody listens.
      done.catch(() => undefined);
      inFlight.push(done);
    }
    linesBefore += batch.lines;
    if (inFlight.length >= run.inFlight) await inFlight.shift();
  }
  for (const done of inFlight) await done;
  return total;
}

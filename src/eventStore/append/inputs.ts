import { AllSourceError, batchBytesMax } from '../../domain/index.js';
import type { AppendCondition } from '../../domain/index.js';
import { fieldNames, inputFormat } from '../../engine/index.js';
import type { BatchGroup, BatchInput } from './batchJob.js';
import { abortedError } from '../watermark.js';
import type {
  AppendResult,
  BatchOptions,
  BatchResult,
  IngestOptions,
  IngestProgress,
} from '../types.js';

const lineFeed = 0x0a;
const batchEventsDefault = 1000;
const inFlightDefault = 4;

/** JSON text of one event object, or `validation_error` where it can't be written as JSON. */
export function toJsonText(value: unknown, what: string): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AllSourceError('validation_error', `${what} can't be written as JSON: ${reason}`);
  }
  if (text !== undefined && typeof value === 'object') return text;
  throw new AllSourceError('validation_error', `${what}: expected an object, got ${typeof value}`);
}

/** What `appendBatch` was given, as one atomic append. */
export function toBatchInput(
  events: readonly unknown[] | Uint8Array | AsyncIterable<Uint8Array>,
  options: BatchOptions,
): BatchInput | Promise<BatchInput> {
  const common: CommonInput = {
    tenantId: tenantOf(options),
    conditions:
      options.conditions === undefined ? undefined : toJsonText(options.conditions, 'conditions'),
    match: matchText(options),
    full: isFull(options.return ?? 'full'),
  };
  if (Array.isArray(events)) {
    const bytes = Buffer.from(toJsonText(events, 'events'));
    return { ...common, bytes, format: inputFormat.batch, names: fieldNames.camel };
  }
  if (events instanceof Uint8Array) return textInput(events, common);
  return collect(events).then((bytes) => textInput(bytes, common));
}

function matchText({ failIfEventsMatch, after }: AppendCondition): string | undefined {
  if (failIfEventsMatch === undefined && after === undefined) return undefined;
  return toJsonText({ failIfEventsMatch, after }, 'failIfEventsMatch');
}

type CommonInput = Pick<BatchInput, 'tenantId' | 'conditions' | 'match' | 'full'>;

function textInput(bytes: Uint8Array, common: CommonInput): BatchInput {
  const format = firstCharacter(bytes) === '[' ? inputFormat.batch : inputFormat.ndjson;
  return { ...common, bytes, format, names: fieldNames.snake };
}

function tenantOf({ tenantId = 'default' }: { tenantId?: string | undefined }): string {
  if (typeof tenantId === 'string') return tenantId;
  throw new AllSourceError(
    'validation_error',
    `tenantId: expected a string, got ${typeof tenantId}`,
  );
}

function isFull(wanted: 'full' | 'summary'): boolean {
  if (wanted === 'full' || wanted === 'summary') return wanted === 'full';
  throw new AllSourceError(
    'validation_error',
    `return: expected 'full' or 'summary', got ${String(wanted)}`,
  );
}

async function collect(source: unknown): Promise<Uint8Array> {
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
  return Buffer.concat(chunks);
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

function firstCharacter(bytes: Uint8Array): string {
  const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
  const at = bytes.findIndex((byte) => !isSpace(byte));
  return at < 0 ? '' : String.fromCharCode(bytes[at] ?? 0);
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}

interface LineBatch {
  readonly bytes: Buffer;
  readonly lines: number;
}

/** Cuts NDJSON into pieces of `linesMax` whole lines; only the last may lack its line break. */
export async function* lineBatches(
  source: AsyncIterable<Uint8Array>,
  linesMax: number,
): AsyncGenerator<LineBatch> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let lines = 0;
  for await (const piece of source) {
    checkChunk(piece);
    const chunk = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    let begin = 0;
    for (let at = chunk.indexOf(lineFeed); at >= 0; at = chunk.indexOf(lineFeed, at + 1)) {
      lines += 1;
      const bytes = heldBytes + at + 1 - begin;
      if (lines < linesMax && bytes < batchBytesMax / 4) continue;
      yield { bytes: Buffer.concat([...held, chunk.subarray(begin, at + 1)]), lines };
      begin = at + 1;
      held = [];
      heldBytes = 0;
      lines = 0;
    }
    if (begin < chunk.length) held.push(chunk.subarray(begin));
    heldBytes += chunk.length - begin;
    if (heldBytes > batchBytesMax) throw tooLongLine();
  }
  if (heldBytes > 0) yield { bytes: Buffer.concat(held), lines: lines + 1 };
}

function tooLongLine(): AllSourceError {
  return new AllSourceError(
    'payload_too_large',
    `expected lines of NDJSON, got ${batchBytesMax} bytes without a line break`,
  );
}

type AppendInput = (input: BatchInput) => Promise<BatchResult>;

/** Appends NDJSON of any length, a few batches at a time, acknowledged in order. */
export async function ingestLines(
  append: AppendInput,
  source: AsyncIterable<Uint8Array>,
  options: IngestOptions,
): Promise<IngestProgress> {
  if (!isAsyncIterable(source)) {
    throw new AllSourceError(
      'validation_error',
      'source: expected an async iterable of Uint8Array',
    );
  }
  const tenantId = tenantOf(options);
  const inFlightMax = options.inFlight ?? inFlightDefault;
  const inFlight: Promise<void>[] = [];
  const total = { events: 0, bytes: 0 };
  const group: BatchGroup = { failure: undefined };
  let linesBefore = 0;
  for await (const batch of lineBatches(source, options.batchEvents ?? batchEventsDefault)) {
    if (options.signal?.aborted) throw abortedError();
    if (group.failure !== undefined) break;
    if (!isBlank(batch.bytes)) {
      const input = {
        bytes: batch.bytes,
        format: inputFormat.ndjson,
        names: fieldNames.snake,
        tenantId,
        full: false,
        linesBefore,
        group,
      };
      const done = append(input).then((result) => {
        total.events += result.ingested;
        total.bytes += batch.bytes.length;
        options.onProgress?.({ ...total });
      });
      // Rejections are met when the promise's turn comes; until then nobody listens.
      done.catch(() => undefined);
      inFlight.push(done);
    }
    linesBefore += batch.lines;
    if (inFlight.length >= inFlightMax) await inFlight.shift();
  }
  for (const done of inFlight) await done;
  return total;
}

/** The outcome of a batch of one event. */
export function onlyResult([result]: readonly AppendResult[]): AppendResult {
  if (result) return result;
  throw new AllSourceError('internal_error', 'the engine gave no outcome for the event');
}

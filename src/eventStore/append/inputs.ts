import {
  AllSourceError,
  collectBytes,
  firstCharacter,
  ingestLines,
  toJsonText,
} from '../../domain/index.js';
import type { AppendCondition } from '../../domain/index.js';
import { fieldNames, inputFormat } from '../../engine/index.js';
import type { BatchGroup, BatchInput } from './batchJob.js';
import type {
  AppendResult,
  BatchOptions,
  BatchResult,
  IngestOptions,
  IngestProgress,
} from '../types.js';

const batchEventsDefault = 1000;
const inFlightDefault = 4;

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
  return collectBytes(events).then((bytes) => textInput(bytes, common));
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

type AppendInput = (input: BatchInput) => Promise<BatchResult>;

/** Appends NDJSON of any length, a few batches at a time; behind one that fails none is written. */
export async function ingest(
  append: AppendInput,
  source: AsyncIterable<Uint8Array>,
  options: IngestOptions,
): Promise<IngestProgress> {
  const tenantId = tenantOf(options);
  const group: BatchGroup = { failure: undefined };
  return ingestLines(source, {
    batchEvents: options.batchEvents ?? batchEventsDefault,
    inFlight: options.inFlight ?? inFlightDefault,
    onProgress: options.onProgress,
    signal: options.signal,
    hasFailed: () => group.failure !== undefined,
    append: async (bytes, linesBefore) => {
      const { ndjson: format } = inputFormat;
      const { snake: names } = fieldNames;
      const result = await append({
        bytes,
        format,
        names,
        tenantId,
        full: false,
        linesBefore,
        group,
      });
      return result.ingested;
    },
  });
}

/** The outcome of a batch of one event. */
export function onlyResult([result]: readonly AppendResult[]): AppendResult {
  if (result) return result;
  throw new AllSourceError('internal_error', 'the engine gave no outcome for the event');
}

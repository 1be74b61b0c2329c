import {
  AllSourceError,
  collectBytes,
  firstCharacter,
  ingestLines,
  toJsonText,
} from '../domain/index.js';
import type { NewEvent } from '../domain/index.js';
import type {
  AppendResult,
  BatchOptions,
  BatchResult,
  IngestOptions,
  IngestProgress,
} from '../eventStore/index.js';
import { outcomeUnknown, withCode } from './wire/answers.js';
import type { Connection } from './connection.js';
import { toBatchResult, toResult } from './wire/documents.js';
import type { WireBatchResult, WireResult } from './wire/documents.js';
import { badOption, checkNames, toMatch } from './wire/parameters.js';
import { makeEventId } from './eventId.js';

const path = '/api/v1/events';
const batchPath = '/api/v1/events/batch';
const jsonType = 'application/json';
const ndjsonType = 'application/x-ndjson';
const ingestBatchEvents = 1000;
const largeEventChars = 256 * 1024;

const wireNames: Readonly<Record<string, string>> = {
  eventType: 'event_type',
  entityId: 'entity_id',
  payload: 'payload',
  metadata: 'metadata',
  tenantId: 'tenant_id',
  eventId: 'event_id',
  tags: 'tags',
  expectedVersion: 'expected_version',
} satisfies Record<keyof NewEvent, string>;

interface OutgoingEvent {
  readonly wire: Readonly<Record<string, unknown>>;
  /** The id is of this call: where the server knows it, an earlier attempt of it was written. */
  readonly madeId: string | undefined;
}

export async function appendOne(connection: Connection, event: NewEvent): Promise<AppendResult> {
  const { wire, madeId } = toOutgoing(event, 'event');
  const body = toJsonText(wire, 'event');
  // The body of a single event has a limit that an event of the largest size with its envelope is over.
  if (body.length > largeEventChars) return onlyResult(await appendMany(connection, [event], {}));
  const request = { path, contentType: jsonType, body, isRepeatable: true };
  const result = toResult(await connection.append<WireResult>(request).catch(rethrow));
  return madeId === undefined ? result : { ...result, deduplicated: false };
}

export function onlyResult({ results: [result] }: BatchResult): AppendResult {
  if (result !== undefined) return result;
  throw new AllSourceError('internal_error', 'the server gave no outcome for the event');
}

const batchOptionNames: ReadonlySet<string> = new Set([
  'tenantId',
  'conditions',
  'return',
  'failIfEventsMatch',
  'after',
]);

export async function appendMany(
  connection: Connection,
  events: readonly NewEvent[] | Uint8Array | AsyncIterable<Uint8Array>,
  options: BatchOptions,
): Promise<BatchResult> {
  checkBatchOptions(options);
  if (Array.isArray(events)) return appendObjects(connection, events, options);
  // What is no array is bytes, or a stream of them, or refused.
  const input = events as Uint8Array | AsyncIterable<Uint8Array>;
  const bytes = input instanceof Uint8Array ? input : await collectBytes(input);
  return appendBytes(connection, bytes, options);
}

async function appendObjects(
  connection: Connection,
  events: readonly NewEvent[],
  options: BatchOptions,
): Promise<BatchResult> {
  const outgoing = events.map((event, i) => toOutgoing(event, `events[${i}]`));
  const document = { events: outgoing.map(({ wire }) => wire), ...conditionsOf(options) };
  const request = {
    path: batchPath,
    // In full, so that what an earlier attempt wrote can be told from what was there before.
    query: { ...tenantQuery(options), return: 'full' },
    contentType: jsonType,
    body: toJsonText(document, 'events'),
    isRepeatable: true,
  };
  const answer = await connection.append<WireBatchResult>(request).catch(rethrow);
  const result = asOneCall(toBatchResult(answer), outgoing);
  return options.return === 'summary' ? { ...result, results: [] } : result;
}

/** What was written by an earlier attempt of this call was written by this call. */
function asOneCall(answer: BatchResult, outgoing: readonly OutgoingEvent[]): BatchResult {
  if (answer.ingested === outgoing.length) return answer;
  const results = answer.results.map((result, i) =>
    outgoing[i]?.madeId === result.eventId ? { ...result, deduplicated: false } : result,
  );
  const written = results.filter(({ deduplicated }) => !deduplicated);
  return {
    results,
    ingested: written.length,
    firstPosition: written.at(0)?.position ?? 0,
    lastPosition: written.at(-1)?.position ?? 0,
  };
}

async function appendBytes(
  connection: Connection,
  bytes: Uint8Array,
  options: BatchOptions,
): Promise<BatchResult> {
  const isArray = firstCharacter(bytes) === '[';
  const conditions = conditionsOf(options);
  const hasConditions = Object.keys(conditions).length > 0;
  const request = {
    path: batchPath,
    query: { ...tenantQuery(options), return: options.return },
    contentType: isArray || hasConditions ? jsonType : ndjsonType,
    body: hasConditions ? withConditions(bytes, isArray, conditions) : bytes,
    isRepeatable: false,
  };
  return toBatchResult(await connection.append<WireBatchResult>(request).catch(rethrow));
}

/** Lines have no line break but at their ends, so they are members of an array with commas between. */
function withConditions(bytes: Uint8Array, isArray: boolean, conditions: object): string {
  const text = textOf(bytes);
  const events = isArray ? text : `[${eventLines(text).join(',')}]`;
  return `{"events":${events},${JSON.stringify(conditions).slice(1)}`;
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AllSourceError('invalid_json', 'events: expected UTF-8', { cause });
  }
}

/** Each is one event: what is more, or less, must not become something else between commas. */
function eventLines(text: string): string[] {
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    if (isObject(line)) return [line];
    const reason = 'expected a JSON object';
    throw new AllSourceError('invalid_json', `line ${i + 1}: ${reason}`, {
      details: [{ line: i + 1, reason }],
    });
  });
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

export async function ingest(
  connection: Connection,
  source: AsyncIterable<Uint8Array>,
  options: IngestOptions,
): Promise<IngestProgress> {
  checkCount('batchEvents', options.batchEvents, 1_000_000);
  checkCount('inFlight', options.inFlight, 1024);
  const query = { ...tenantQuery(options), return: 'summary' };
  return ingestLines(source, {
    batchEvents: options.batchEvents ?? ingestBatchEvents,
    // Requests may overtake each other, and nothing is to be written behind a bad line.
    inFlight: 1,
    onProgress: options.onProgress,
    signal: options.signal,
    hasFailed: () => false,
    append: async (body, linesBefore) => {
      const request = { path: batchPath, query, contentType: ndjsonType, body };
      const result = await connection
        .append<WireBatchResult>({ ...request, isRepeatable: false })
        .catch((error: unknown) => rethrow(atLine(error, linesBefore)));
      return result.ingested;
    },
  });
}

/** The line of the input, where the server knows that of a batch. */
function atLine(error: unknown, linesBefore: number): unknown {
  if (!(error instanceof AllSourceError) || linesBefore === 0) return error;
  const moved = error.details?.map((detail) =>
    detail.line === undefined ? detail : { ...detail, line: detail.line + linesBefore },
  );
  const message = error.message.replace(/\bline (\d+)/, (_, line: string) => {
    return `line ${Number(line) + linesBefore}`;
  });
  return new AllSourceError(error.code, message, moved && { details: moved });
}

function rethrow(error: unknown): never {
  if (!(error instanceof AllSourceError)) throw error;
  if (error.code === 'server_unreachable') throw outcomeUnknown(error);
  // The tenant goes in the query, and is an input of an append all the same.
  throw error.code === 'invalid_query' ? withCode(error, 'validation_error') : error;
}

/** An event in the wire names; what is not a field of one is refused. */
export function toWireEvent(event: unknown, field: string): Record<string, unknown> {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) {
    throw badOption(field, `expected an object, got ${describe(event)}`, 'validation_error');
  }
  const wire: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(event)) {
    const wireName = Object.hasOwn(wireNames, name) ? wireNames[name] : undefined;
    if (wireName === undefined) {
      throw badOption(name, 'not a field of an event', 'validation_error');
    }
    wire[wireName] = value;
  }
  return wire;
}

function toOutgoing(event: unknown, field: string): OutgoingEvent {
  const wire = toWireEvent(event, field);
  // What was written before an answer was lost is found again by its id.
  const given = wire['event_id'];
  const madeId = given === undefined || given === null ? makeEventId() : undefined;
  if (madeId !== undefined) wire['event_id'] = madeId;
  return { wire, madeId };
}

function conditionsOf({ conditions, failIfEventsMatch, after }: BatchOptions): object {
  return {
    ...(conditions !== undefined && { conditions }),
    ...(failIfEventsMatch !== undefined && {
      fail_if_events_match: toMatch('failIfEventsMatch', failIfEventsMatch, 'validation_error'),
    }),
    ...(after !== undefined && { after }),
  };
}

function checkBatchOptions(options: BatchOptions): void {
  checkNames(options, batchOptionNames, { code: 'validation_error' });
  const { return: wanted = 'full', conditions } = options;
  if (wanted !== 'full' && wanted !== 'summary') {
    const got = `got ${String(wanted)}`;
    throw badOption('return', `expected 'full' or 'summary', ${got}`, 'validation_error');
  }
  const isObject = typeof conditions === 'object' && conditions !== null;
  if (conditions !== undefined && (!isObject || Array.isArray(conditions))) {
    throw badOption('conditions', `expected an object of expected versions`, 'validation_error');
  }
}

function tenantQuery({ tenantId }: { readonly tenantId?: string | undefined }) {
  if (tenantId === undefined || typeof tenantId === 'string') return { tenant_id: tenantId };
  throw badOption('tenantId', `expected a string, got ${typeof tenantId}`, 'validation_error');
}

function checkCount(name: string, value: number | undefined, max: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= 1 && value <= max)) return;
  throw badOption(name, `expected an integer from 1 to ${max}, got ${String(value)}`);
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value;
}

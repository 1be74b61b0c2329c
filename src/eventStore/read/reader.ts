import { pageBytesMax } from '../../domain/index.js';
import type { StoredEvent } from '../../domain/index.js';
import { answerNumber, calling, fromNative, listKind, readFlag } from '../../engine/index.js';
import type { NativeStore, QueryArguments } from '../../engine/index.js';
import { AnswerMemory } from './answerMemory.js';
import { cursorOf, flagsOf } from './query.js';
import type { EngineQuery } from './query.js';
import { laterState, stateArguments } from './stateRequest.js';
import type { StateAnswer, StateRequest } from './stateRequest.js';
import type { BytesPage, EntitySummary, EventTypeSummary } from '../types.js';

/** Answers up to this are written into one buffer that is used again and again. */
const slabBytes = 512 * 1024;
const pageTailBytes = 128;
const pageHead = Buffer.from('{"events":[');
const arraySlab = 0;
const pageSlab = 1;
/** Count and next position, as the engine appends them to what its pool makes. */
const laterNumbersBytes = 16;
const arrayOpen = 0x5b;
const arrayClose = 0x5d;

/** What a read may hold at most; one event at least, however large. */
export interface ReadBounds {
  readonly events: number;
  /** Of records: the text of an answer is up to twice as long. */
  readonly bytes: number;
}

/** What whoever reads on and on takes at a time: what a slow reader costs. */
export const chunkBounds: ReadBounds = { events: 2048, bytes: 1024 * 1024 };

export const oneEvent: ReadBounds = { ...chunkBounds, events: 1 };

/** Matching events, and where the next match lies; 0 = there is none. */
export interface Chunk {
  readonly count: number;
  readonly nextPosition: number;
}

export interface ObjectsChunk extends Chunk {
  readonly events: StoredEvent[];
}

/**
 * `lines`: a line of JSON for each event; `list`: the members of a JSON array, commas between;
 * `apiLines`: lines in the names of the API; `apiHeadLines`: and without payload and metadata; `rows`:
 * what `parseRows` reads; `columnRows`: what `parseColumnRows` reads; `partitions`: two doubles for each event,
 * its position and the partition of its entity.
 */
export type BytesForm =
  'lines' | 'list' | 'apiLines' | 'apiHeadLines' | 'rows' | 'columnRows' | 'partitions';

/** Those that have whole events in the wire names. */
export type EventsForm = Extract<BytesForm, 'lines' | 'list'>;

const flagOf: Readonly<Record<BytesForm, number>> = {
  lines: readFlag.lines,
  list: 0,
  apiLines: readFlag.apiStyle | readFlag.lines,
  apiHeadLines: readFlag.heads | readFlag.lines,
  rows: readFlag.rows,
  columnRows: readFlag.columnRows,
  partitions: readFlag.partitions,
};

export interface BytesChunk extends Chunk {
  readonly bytes: Buffer;
}

/** Reads from the engine. Small answers come on the calling thread, large ones from its pool. */
export class Reader {
  readonly #native: NativeStore;
  readonly #numbers = new Float64Array(answerNumber.numbers);
  readonly #answers = new AnswerMemory();
  /** `[` and room for the members of an array. */
  readonly #arraySlab = Buffer.allocUnsafeSlow(slabBytes);
  readonly #arrayBody = this.#arraySlab.subarray(1, slabBytes - 1);
  /** `{"events":[` and room for events. */
  readonly #pageSlab = Buffer.allocUnsafeSlow(slabBytes);
  readonly #pageBody = this.#pageSlab.subarray(pageHead.length, slabBytes - pageTailBytes);

  constructor(native: NativeStore) {
    this.#native = native;
    this.#arraySlab[0] = arrayOpen;
    pageHead.copy(this.#pageSlab);
    native.useAnswerMemory(this.#numbers, [this.#arrayBody, this.#pageBody]);
  }

  async objects(query: EngineQuery, bounds: ReadBounds): Promise<ObjectsChunk> {
    const flags = flagsOf(query, readFlag.apiStyle);
    const bytes = this.#read(query, flags, bounds, arraySlab);
    if (bytes === undefined) {
      const later = await this.#readLater(flags, bounds);
      const { count, nextPosition } = later;
      return { events: parseEvents(`[${later.bytes.toString()}]`), count, nextPosition };
    }
    return { events: parseEvents(this.#arrayText(bytes)), ...this.#answer() };
  }

  async page(query: EngineQuery, events: number): Promise<BytesPage & { readonly bytes: Buffer }> {
    const flags = flagsOf(query, 0);
    const bounds = { events, bytes: pageBytesMax };
    const bytes = this.#read(query, flags, bounds, pageSlab);
    if (bytes === undefined || bytes < 0) {
      const answer =
        bytes === undefined
          ? await this.#readLater(flags, bounds)
          : { bytes: this.#native.takeOverflow(), ...this.#answer() };
      const { tail, nextCursor } = pageEnd(query, answer);
      return {
        bytes: Buffer.concat([pageHead, answer.bytes, Buffer.from(tail)]),
        count: answer.count,
        nextCursor,
      };
    }
    const answer = this.#answer();
    const { tail, nextCursor } = pageEnd(query, answer);
    const end = pageHead.length + bytes;
    const length = end + this.#pageSlab.write(tail, end, 'latin1');
    return { bytes: this.#answers.copy(this.#pageSlab, length), count: answer.count, nextCursor };
  }

  /** Small chunks come at once, large ones from the pool. */
  async chunk(query: EngineQuery, bounds: ReadBounds, form: BytesForm): Promise<BytesChunk> {
    const flags = flagsOf(query, flagOf[form]);
    const bytes = this.#read(query, flags, bounds, arraySlab);
    if (bytes === undefined) return this.#readLater(flags, bounds);
    return { bytes: this.#copy(bytes), ...this.#answer() };
  }

  eventObject(tenantId: string, eventId: string): StoredEvent | undefined {
    const flags = readFlag.apiStyle;
    const bytes = calling(() => this.#native.getEvent(tenantId, eventId, flags, arraySlab));
    if (this.#answer().count === 0) return undefined;
    return (JSON.parse(this.#arrayText(bytes)) as StoredEvent[])[0];
  }

  eventBytes(tenantId: string, eventId: string): Buffer | undefined {
    const bytes = calling(() => this.#native.getEvent(tenantId, eventId, 0, arraySlab));
    return this.#answer().count === 0 ? undefined : this.#copy(bytes);
  }

  /** A state; undefined where the entity has no events up to the end that is asked for. */
  async state(request: StateRequest): Promise<StateAnswer | undefined> {
    const args = stateArguments(request);
    const bytes = calling(() => this.#native.state(...args, arraySlab));
    if (this.#answer().count === 0) return undefined;
    if (this.#numbers[answerNumber.useAsync] === 0) {
      const { count: version, nextPosition: position } = this.#answer();
      const timestamp = this.#numbers[answerNumber.timestamp] ?? 0;
      const folded = this.#numbers[answerNumber.folded] ?? 0;
      return { bytes: this.#copy(bytes), version, position, timestamp, folded };
    }
    try {
      return laterState(await this.#native.stateAsync(...args));
    } catch (error) {
      throw fromNative(error);
    }
  }

  /** 0 where the entity has no such version. */
  positionOfVersion(tenantId: string, entityId: string, version: number): number {
    return calling(() => this.#native.positionOfVersion(tenantId, entityId, version));
  }

  entities(request: ListRequest): { items: EntitySummary[]; nextPosition: number } {
    return this.#list(listKind.entities, request);
  }

  eventTypes(request: ListRequest): { items: EventTypeSummary[]; nextPosition: number } {
    return this.#list(listKind.eventTypes, request);
  }

  #list<Item>(kind: number, request: ListRequest): { items: Item[]; nextPosition: number } {
    const { tenantId, prefix, firstPosition, limit } = request;
    const flags = readFlag.apiStyle;
    const bytes = calling(() =>
      this.#native.list(kind, tenantId, prefix, firstPosition, limit, flags, arraySlab),
    );
    const { nextPosition } = this.#answer();
    return { items: JSON.parse(this.#arrayText(bytes)) as Item[], nextPosition };
  }

  /** Bytes written into `slab`, minus their number where they did not fit, undefined for the pool. */
  #read(query: EngineQuery, flags: number, bounds: ReadBounds, slab: number): number | undefined {
    const bytes = calling(() => this.#native.read(...argumentsOf(query, flags, bounds), slab));
    return this.#numbers[answerNumber.useAsync] === 1 ? undefined : bytes;
  }

  async #readLater(flags: number, bounds: ReadBounds): Promise<BytesChunk> {
    try {
      const answer = await this.#native.readAsync(flags, bounds.bytes);
      const end = answer.length - laterNumbersBytes;
      return {
        bytes: answer.subarray(0, end),
        count: answer.readDoubleLE(end),
        nextPosition: answer.readDoubleLE(end + 8),
      };
    } catch (error) {
      throw fromNative(error);
    }
  }

  #answer(): Chunk {
    return {
      count: this.#numbers[answerNumber.count] ?? 0,
      nextPosition: this.#numbers[answerNumber.nextPosition] ?? 0,
    };
  }

  #arrayText(bytes: number): string {
    if (bytes < 0) return `[${this.#native.takeOverflow().toString()}]`;
    this.#arraySlab[bytes + 1] = arrayClose;
    const end = bytes + 2;
    // Latin-1 is a plain copy where UTF-8 must be decoded.
    return this.#numbers[answerNumber.isAscii] === 1
      ? this.#arraySlab.toString('latin1', 0, end)
      : this.#arraySlab.toString('utf8', 0, end);
  }

  #copy(bytes: number): Buffer {
    return bytes < 0
      ? this.#native.takeOverflow()
      : Buffer.from(this.#arrayBody.subarray(0, bytes));
  }
}

export interface ListRequest {
  readonly tenantId: string;
  readonly prefix: string;
  readonly firstPosition: number;
  readonly limit: number;
}

// The engine wrote these texts; their shape is that of StoredEvent.
const parseEvents = (text: string): StoredEvent[] => JSON.parse(text) as StoredEvent[];

function pageEnd(query: EngineQuery, { count, nextPosition }: Chunk) {
  const nextCursor = cursorOf(query, nextPosition);
  const cursor = nextCursor === null ? 'null' : `"${nextCursor}"`;
  return { tail: `],"count":${count},"next_cursor":${cursor}}`, nextCursor };
}

export function argumentsOf(query: EngineQuery, flags: number, bounds: ReadBounds): QueryArguments {
  return [
    query.tenantId,
    query.entityId,
    query.eventType,
    query.eventTypePrefix,
    query.firstPosition,
    query.lastPosition,
    query.sinceMicros,
    query.untilMicros,
    flags,
    bounds.events,
    bounds.bytes,
    query.tags,
    query.positions,
    query.matches,
    query.fields,
  ];
}

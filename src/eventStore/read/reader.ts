import type { StoredEvent } from '../../domain/index.js';
import { answerNumber, calling, fromNative, listKind, readFlag } from '../../engine/index.js';
import type { NativeStore } from '../../engine/index.js';
import { AnswerMemory } from './answerMemory.js';
import { checkedLimit, cursorOf, flagsOf } from './query.js';
import type { EngineQuery } from './query.js';
import type { BytesPage, EntitySummary, EventPage, EventTypeSummary } from '../types.js';

/** Answers up to this are written into one buffer that is used again and again. */
const slabBytes = 512 * 1024;
const pageTailBytes = 128;
const pageHead = Buffer.from('{"events":[');
const arraySlab = 0;
const pageSlab = 1;
const arrayOpen = 0x5b;
const arrayClose = 0x5d;

export interface EngineAnswer {
  readonly count: number;
  readonly nextPosition: number;
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

  async objects(query: EngineQuery, limit: number): Promise<EventPage & EngineAnswer> {
    const flags = flagsOf(query, readFlag.apiStyle);
    const bytes = this.#read(query, flags, limit, arraySlab);
    const { count, nextPosition } = this.#answer();
    const text =
      bytes === undefined
        ? `[${(await this.#readLater(query, flags, limit)).toString()}]`
        : this.#arrayText(bytes);
    // The engine wrote this text; its shape is that of StoredEvent.
    const events = JSON.parse(text) as StoredEvent[];
    return { events, nextCursor: cursorOf(query, nextPosition), count, nextPosition };
  }

  async page(query: EngineQuery, limit: number): Promise<BytesPage> {
    const flags = flagsOf(query, 0);
    const bytes = this.#read(query, flags, limit, pageSlab);
    const { count, nextPosition } = this.#answer();
    const nextCursor = cursorOf(query, nextPosition);
    const tail = `],"count":${count},"next_cursor":${nextCursor === null ? 'null' : `"${nextCursor}"`}}`;
    if (bytes === undefined || bytes < 0) {
      const events =
        bytes === undefined
          ? await this.#readLater(query, flags, limit)
          : this.#native.takeOverflow();
      return { bytes: Buffer.concat([pageHead, events, Buffer.from(tail)]), count, nextCursor };
    }
    const end = pageHead.length + bytes;
    const length = end + this.#pageSlab.write(tail, end, 'latin1');
    return { bytes: this.#answers.copy(this.#pageSlab, length), count, nextCursor };
  }

  /** One chunk of NDJSON, always from the pool. */
  async lines(query: EngineQuery, limit: number): Promise<{ bytes: Buffer } & EngineAnswer> {
    const flags = flagsOf(query, readFlag.lines);
    const promise = this.#readLater(query, flags, limit);
    const answer = this.#answer();
    return { bytes: await promise, ...answer };
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

  /** The state document; undefined where the entity has no events. */
  async state(request: StateRequest): Promise<Buffer | undefined> {
    const { tenantId, entityId, asOfMicros, asOfText, historyLimit, style } = request;
    const historyMax = checkedLimit(historyLimit, 0, 10_000, 'history_limit');
    const args = [tenantId, entityId, asOfMicros, asOfText, historyMax, style] as const;
    const bytes = calling(() => this.#native.state(...args, arraySlab));
    if (this.#answer().count === 0) return undefined;
    if (this.#numbers[answerNumber.useAsync] === 0) return this.#copy(bytes);
    try {
      return await this.#native.stateAsync(...args);
    } catch (error) {
      throw fromNative(error);
    }
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
  #read(query: EngineQuery, flags: number, limit: number, slab: number): number | undefined {
    const bytes = calling(() =>
      this.#native.read(
        query.tenantId,
        query.entityId,
        query.eventType,
        query.eventTypePrefix,
        query.firstPosition,
        query.lastPosition,
        query.sinceMicros,
        query.untilMicros,
        flags,
        limit,
        query.tags,
        slab,
      ),
    );
    return this.#numbers[answerNumber.useAsync] === 1 ? undefined : bytes;
  }

  async #readLater(query: EngineQuery, flags: number, limit: number): Promise<Buffer> {
    try {
      return await this.#native.readAsync(
        query.tenantId,
        query.entityId,
        query.eventType,
        query.eventTypePrefix,
        query.firstPosition,
        query.lastPosition,
        query.sinceMicros,
        query.untilMicros,
        flags,
        limit,
        query.tags,
      );
    } catch (error) {
      throw fromNative(error);
    }
  }

  #answer(): EngineAnswer {
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

export interface StateRequest {
  readonly tenantId: string;
  readonly entityId: string;
  readonly asOfMicros: number;
  /** JSON text of the answer's `as_of`. */
  readonly asOfText: string;
  readonly historyLimit: number;
  /** 0 or `readFlag.apiStyle`. */
  readonly style: number;
}

export interface ListRequest {
  readonly tenantId: string;
  readonly prefix: string;
  readonly firstPosition: number;
  readonly limit: number;
}

import type { EngineQuery } from './query.js';
import type { BytesChunk, BytesForm, ReadBounds, Reader } from './reader.js';

/** Reads that are kept, and how large one of them may be. */
const readsMax = 16;
const bytesMax = 64 * 1024;

/**
 * Followers that are live and want the same events ask for the same range one after another: one of
 * them reads it, the others get the same bytes. What a thousand clients of one stream cost is then
 * their sockets.
 */
export class SharedReads {
  readonly #reader: Reader;
  /** By what was asked for; the oldest first. */
  readonly #reads = new Map<string, Promise<BytesChunk>>();

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** Reads for one follower, whose filter stays as it is. */
  readerOf(
    query: EngineQuery,
    form: BytesForm,
  ): (query: EngineQuery, bounds: ReadBounds) => Promise<BytesChunk> {
    const { tenantId, entityId, eventType, eventTypePrefix, tags, matches } = query;
    // The filter itself and no hash of it: nobody may get the events of another tenant.
    const filter = JSON.stringify([
      form,
      tenantId,
      entityId,
      eventType,
      eventTypePrefix,
      tags,
      matches,
      query.sinceMicros,
    ]);
    return (range, bounds) => {
      const key = `${filter} ${range.firstPosition} ${range.lastPosition} ${bounds.events}`;
      return this.#reads.get(key) ?? this.#read(key, range, bounds, form);
    };
  }

  async #read(
    key: string,
    query: EngineQuery,
    bounds: ReadBounds,
    form: BytesForm,
  ): Promise<BytesChunk> {
    const read = this.#reader.chunk(query, bounds, form);
    this.#reads.set(key, read);
    if (this.#reads.size > readsMax) this.#forgetOldest();
    try {
      const chunk = await read;
      if (chunk.bytes.length > bytesMax) this.#reads.delete(key);
      return chunk;
    } catch (error) {
      this.#reads.delete(key);
      throw error;
    }
  }

  #forgetOldest(): void {
    const [oldest] = this.#reads.keys();
    if (oldest !== undefined) this.#reads.delete(oldest);
  }
}

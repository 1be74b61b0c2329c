import type { Texts } from '../../columnar/index.js';
import { AllSourceError } from '../../domain/index.js';
import { distinctBytesMax, distinctMax } from '../limits.js';

const slotsAtFirst = 1_024;
const bytesAtFirst = 16_384;
const decoder = new TextDecoder();

export interface KeyTableOptions {
  /** What the keys are, for the error. */
  readonly noun: string;
  /** Keys at most; default 4 million. */
  readonly keysMax?: number;
}

/**
 * Numbers for texts, from 0 in the order in which they came: a hash table in a few flat arrays, 30 bytes a
 * key and its own, which the garbage collector need not walk through.
 */
export class KeyTable {
  readonly #options: Required<KeyTableOptions>;
  /** Number of the key and one; 0 where there is none. At least half of them are free. */
  #slots = new Int32Array(slotsAtFirst);
  #hashes = new Int32Array(slotsAtFirst / 2);
  /** Where the bytes of key n begin; those of the next one begin where they end. */
  #begins = new Uint32Array(slotsAtFirst / 2 + 1);
  #bytes = new Uint8Array(bytesAtFirst);
  #size = 0;

  constructor({ noun, keysMax = distinctMax }: KeyTableOptions) {
    this.#options = { noun, keysMax };
  }

  get size(): number {
    return this.#size;
  }

  /** The number of a key, which is added where it is new; throws `unprocessable` where there are too many. */
  idOf(bytes: Uint8Array, begin: number, end: number): number {
    const hash = hashOf(bytes, begin, end);
    const slot = this.#slotOf(hash, { bytes, begin, end });
    const id = (this.#slots[slot] ?? 0) - 1;
    return id >= 0 ? id : this.#add(slot, hash, bytes.subarray(begin, end));
  }

  /** The same without adding it: -1 where it is new. */
  find(bytes: Uint8Array, begin: number, end: number): number {
    return (this.#slots[this.#slotOf(hashOf(bytes, begin, end), { bytes, begin, end })] ?? 0) - 1;
  }

  /** The numbers of all texts of a batch. */
  idsOf({ offsets, bytes }: Texts): Int32Array {
    const ids = new Int32Array(offsets.length - 1);
    for (let text = 0; text < ids.length; text += 1) {
      ids[text] = this.idOf(bytes, offsets[text] ?? 0, offsets[text + 1] ?? 0);
    }
    return ids;
  }

  textOf(id: number): string {
    return decoder.decode(this.#bytes.subarray(this.#begins[id], this.#begins[id + 1]));
  }

  #slotOf(hash: number, key: { bytes: Uint8Array; begin: number; end: number }): number {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const id = (this.#slots[slot] ?? 0) - 1;
      if (id < 0 || (this.#hashes[id] === hash && this.#isKey(id, key))) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #isKey(id: number, key: { bytes: Uint8Array; begin: number; end: number }): boolean {
    const { bytes, begin, end } = key;
    const from = this.#begins[id] ?? 0;
    if ((this.#begins[id + 1] ?? 0) - from !== end - begin) return false;
    for (let at = begin; at < end; at += 1) {
      if (bytes[at] !== this.#bytes[from + at - begin]) return false;
    }
    return true;
  }

  #add(slot: number, hash: number, key: Uint8Array): number {
    const id = this.#size;
    const begin = this.#begins[id] ?? 0;
    const end = begin + key.length;
    const { noun, keysMax } = this.#options;
    if (id >= keysMax || end > distinctBytesMax) throw tooMany(noun, id);
    if (end > this.#bytes.length) this.#bytes = grown(this.#bytes, end);
    this.#bytes.set(key, begin);
    this.#hashes[id] = hash;
    this.#begins[id + 1] = end;
    this.#slots[slot] = id + 1;
    this.#size += 1;
    if (this.#size * 2 > this.#slots.length - 1) this.#widen();
    return id;
  }

  #widen(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let id = 0; id < this.#size; id += 1) {
      let slot = (this.#hashes[id] ?? 0) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id + 1;
    }
    this.#slots = slots;
    const hashes = new Int32Array(slots.length / 2);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    const begins = new Uint32Array(slots.length / 2 + 1);
    begins.set(this.#begins);
    this.#begins = begins;
  }
}

/** Too many to be told apart. */
export function tooMany(noun: string, count: number): AllSourceError {
  return new AllSourceError(
    'unprocessable',
    `there are more than ${count} ${noun} in what was asked for; ask for less, by time or by filter`,
  );
}

function grown(bytes: Uint8Array, needed: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(bytes.length * 2, needed));
  larger.set(bytes);
  return larger;
}

/** Another one in each process, so that nobody can choose keys that collide. */
const seed = Math.floor(Math.random() * 2 ** 32) | 0;

function hashOf(bytes: Uint8Array, begin: number, end: number): number {
  let hash = seed;
  for (let at = begin; at < end; at += 1) {
    hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  return hash ^ (hash >>> 15);
}

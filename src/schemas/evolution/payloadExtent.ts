import { Failure, eventBytesMax, jsonDepthMax } from '../../domain/index.js';

/** Of a payload that was upcast, as JSON: twice what an event may have, so that each can grow. */
export const upcastBytesMax = 2 * eventBytesMax;

/** How large a value is as JSON, where each part counts as often as it is there. */
export interface Extent {
  /** At least: what a text needs more for escapes does not count. */
  readonly bytes: number;
  /** Objects and arrays within each other. */
  readonly levels: number;
  /** Members of the widest object, or a sixteenth of the items of a longer array: those are copied as fast. */
  readonly width: number;
}

/**
 * The extent of a value, or why it is over what an upcast payload may be. Parts that are shared are looked at
 * once: the work is that of what is in memory, not of what would be written.
 */
export function extentOf(value: unknown): Extent | Failure {
  try {
    const extent = new Walk().of(value, 0);
    if (extent.bytes > upcastBytesMax) throw new Exceeded(tooManyBytes);
    return extent;
  } catch (error) {
    if (error instanceof Exceeded) return new Failure(error.message);
    throw error;
  }
}

const tooManyBytes = `gave a payload of more than ${upcastBytesMax} bytes as JSON`;
const tooManyLevels = `gave a payload of more than ${jsonDepthMax} levels`;

/** Ends a walk from within. */
class Exceeded extends Error {}

class Walk {
  readonly #known = new Map<object, Extent>();
  /** Of what was looked at until now. */
  #bytes = 0;

  of(value: unknown, level: number): Extent {
    if (typeof value !== 'object' || value === null) {
      const bytes = bytesOf(value);
      this.#spend(bytes);
      return { bytes, levels: 0, width: 0 };
    }
    const known = this.#known.get(value);
    if (level + (known?.levels ?? 1) > jsonDepthMax) throw new Exceeded(tooManyLevels);
    if (known !== undefined) return known;
    const extent = this.#inside(value, level);
    this.#known.set(value, extent);
    return extent;
  }

  #inside(value: object, level: number): Extent {
    const sum = { bytes: 2, levels: 1, width: 0 };
    this.#spend(2);
    const add = (member: unknown, nameBytes: number): void => {
      this.#spend(nameBytes);
      const { bytes, levels, width } = this.of(member, level + 1);
      sum.bytes += nameBytes + bytes;
      sum.levels = Math.max(sum.levels, levels + 1);
      sum.width = Math.max(sum.width, width);
    };
    if (Array.isArray(value)) {
      for (const item of value as unknown[]) add(item, 1);
      sum.width = Math.max(sum.width, value.length / 16);
    } else {
      const names = Object.keys(value);
      for (const name of names) add(value[name as never], bytesOf(name) + 2);
      sum.width = Math.max(sum.width, names.length);
    }
    return sum;
  }

  #spend(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > upcastBytesMax) throw new Exceeded(tooManyBytes);
  }
}

function bytesOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value) + 2;
  return typeof value === 'number' ? String(value).length : 4;
}

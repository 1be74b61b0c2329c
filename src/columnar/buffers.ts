import type { ColumnsChunk } from '../eventStore/index.js';

/** The buffers of a batch, taken one behind the other, as native/columnar/columns.h orders them. */
export class Buffers {
  readonly #chunk: ColumnsChunk;
  #next = 0;

  constructor(chunk: ColumnsChunk) {
    this.#chunk = chunk;
  }

  bytes(): Uint8Array {
    const { memory, extents } = this.#chunk;
    const [offset = 0, bytes = 0] = extents.subarray(this.#next, this.#next + 2);
    this.#next += 2;
    return new Uint8Array(memory, offset, bytes);
  }

  int32(): Int32Array {
    const { buffer, byteOffset, byteLength } = this.bytes();
    return new Int32Array(buffer, byteOffset, byteLength / Int32Array.BYTES_PER_ELEMENT);
  }

  int64(): BigInt64Array {
    const { buffer, byteOffset, byteLength } = this.bytes();
    return new BigInt64Array(buffer, byteOffset, byteLength / BigInt64Array.BYTES_PER_ELEMENT);
  }

  float64(): Float64Array {
    const { buffer, byteOffset, byteLength } = this.bytes();
    return new Float64Array(buffer, byteOffset, byteLength / Float64Array.BYTES_PER_ELEMENT);
  }
}

const chunkLength = 2 ** 16;

/** Numbers by index, 0 where none was set; grows by chunks and never copies. */
export class GrowingArray {
  /** @type {Int32Array[]} */
  #chunks = [];

  /** @param {number} index */
  get(index) {
    return this.#chunks[Math.floor(index / chunkLength)]?.[index % chunkLength] ?? 0;
  }

  /**
   * @param {number} index
   * @param {number} value a whole number of 32 bits
   */
  set(index, value) {
    const chunk = Math.floor(index / chunkLength);
    while (this.#chunks.length <= chunk) this.#chunks.push(new Int32Array(chunkLength));
    const numbers = this.#chunks[chunk];
    if (numbers !== undefined) numbers[index % chunkLength] = value;
  }
}

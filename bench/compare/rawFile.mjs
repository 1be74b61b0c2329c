import { Buffer } from 'node:buffer';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

import { makeOrder, makeRandom, toWire } from '../input/order.mjs';
import { measureRate } from '../throughput/measureRate.mjs';

const linesAtHand = 16_384;

/**
 * The least that JavaScript alone can do: lines appended to a file, one write and one fdatasync for
 * all that waits. No index, no checks, no versions, no recovery.
 *
 * @param {{dataDir: string, inFlight: number, warmUpSeconds: number, seconds: number,
 *   eventsMax: number}} options
 */
export async function run(options) {
  const random = makeRandom(10);
  const lines = Array.from({ length: linesAtHand }, () =>
    Buffer.from(`${toWire(makeOrder(random))}\n`),
  );
  const file = await open(join(options.dataDir, 'events.ndjson'), 'a');
  const log = new GroupedFile(file);
  const { rate, extra } = await measureRate({
    ...options,
    call: (index) => log.append(lines[index % linesAtHand] ?? Buffer.of()),
  });
  await file.close();
  return { value: rate, extra };
}

class GroupedFile {
  #file;
  /** @type {{line: Buffer, settle: () => void, fail: (reason: unknown) => void}[]} */
  #waiting = [];
  #isWriting = false;

  /** @param {import('node:fs/promises').FileHandle} file */
  constructor(file) {
    this.#file = file;
  }

  /**
   * @param {Buffer} line
   * @returns {Promise<void>}
   */
  append(line) {
    return new Promise((settle, fail) => {
      this.#waiting.push({ line, settle, fail });
      if (!this.#isWriting) void this.#writeGroups();
    });
  }

  async #writeGroups() {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#file.appendFile(Buffer.concat(group.map(({ line }) => line)));
        await this.#file.datasync();
        for (const { settle } of group) settle();
      } catch (error) {
        for (const { fail } of group) fail(error);
      }
    }
    this.#isWriting = false;
  }
}

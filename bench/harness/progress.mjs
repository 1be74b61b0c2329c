import process from 'node:process';

const clearLine = '\r\u001b[2K';

/** One line on stderr that is written over, and nothing at all where stderr is no terminal. */
export class Progress {
  #done = 0;
  #total;
  #begun = Date.now();
  #shown = process.stderr.isTTY === true;

  /** @param {number} total steps to come */
  constructor(total) {
    this.#total = total;
  }

  /** @param {string} text what is under way now */
  begin(text) {
    if (!this.#shown) return;
    const seconds = Math.round((Date.now() - this.#begun) / 1000);
    const line = `[${this.#done + 1}/${this.#total}] ${seconds} s  ${text}`;
    process.stderr.write(clearLine + line.slice(0, (process.stderr.columns ?? 80) - 1));
  }

  step() {
    this.#done++;
  }

  end() {
    if (this.#shown) process.stderr.write(clearLine);
  }
}

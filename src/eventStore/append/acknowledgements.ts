import { AllSourceError } from '../../domain/index.js';

/** Work that was committed and becomes true when the watermark reaches it. */
export interface Acknowledgement {
  /** Settles what is durable at this watermark; true when nothing is left to settle. */
  advance(watermark: number): boolean;
  /** Rejects what is left. */
  fail(error: AllSourceError): void;
}

/** Acknowledgements in the order of their appends. */
export class AcknowledgementQueue {
  #queue: Acknowledgement[] = [];
  #head = 0;

  get isEmpty(): boolean {
    return this.#head === this.#queue.length;
  }

  push(acknowledgement: Acknowledgement, watermark: number): void {
    this.#queue.push(acknowledgement);
    this.advance(watermark);
  }

  advance(watermark: number): void {
    for (let next = this.#queue[this.#head]; next?.advance(watermark);) {
      this.#head += 1;
      next = this.#queue[this.#head];
    }
    this.#compact();
  }

  /** The disk failed: nobody can tell what of this is on it. */
  failAll(): void {
    const error = new AllSourceError(
      'append_outcome_unknown',
      'the disk failed while the append was under way; open the store again and retry with the ' +
        'same event id, which is written once',
    );
    for (const left of this.#queue.slice(this.#head)) left.fail(error);
    this.#queue = [];
    this.#head = 0;
  }

  #compact(): void {
    if (this.#head < 1024 && this.#head !== this.#queue.length) return;
    this.#queue = this.#queue.slice(this.#head);
    this.#head = 0;
  }
}

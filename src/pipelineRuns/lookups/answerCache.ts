const entriesMax = 10_000;
const bytesMax = 32 * 1024 * 1024;
/** Of the JSON text that an answer is kept as, and of its key. */
const bytesPerCharacter = 2;

interface Entry {
  /** Undefined: there is nothing. */
  readonly text: string | undefined;
  readonly askedAtMs: number;
}

/** Answers of other servers, as JSON text. Those used longest ago go first. */
export class AnswerCache {
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  /** Undefined where there is none that is as young. */
  get(key: string, ageMsMax: number): Pick<Entry, 'text'> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || performance.now() - entry.askedAtMs >= ageMsMax) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  /** `askedAtMs` by `performance.now()`: an answer is as old as its question. */
  set(key: string, entry: Entry): void {
    this.#delete(key);
    this.#entries.set(key, entry);
    this.#bytes += bytesOf(key, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= bytesMax && this.#entries.size <= entriesMax) return;
      this.#delete(oldest);
    }
  }

  #delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= bytesOf(key, entry);
  }
}

function bytesOf(key: string, { text = '' }: Entry): number {
  return (key.length + text.length) * bytesPerCharacter;
}

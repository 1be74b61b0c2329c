import { CliError } from '../failure.js';

/** Most characters of one message: the largest event with its envelope. */
const messageCharsMax = 8 * 1024 * 1024;

export interface ServerSentEvent {
  /** `message` where the server names none. */
  readonly event: string;
  readonly data: string;
  /** The last id that the server gave; empty before the first. */
  readonly id: string;
}

/** Reads the event stream format of the HTML standard; comments (pings) are passed over. */
export async function* readServerSentEvents(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder();
  const reader = new MessageReader();
  for await (const chunk of source) {
    yield* reader.take(decoder.decode(chunk, { stream: true }));
  }
}

class MessageReader {
  #text = '';
  #event = '';
  #data: string[] = [];
  #id = '';

  *take(text: string): Generator<ServerSentEvent> {
    this.#text += text;
    for (;;) {
      const end = this.#text.indexOf('\n');
      if (end === -1) break;
      const line = this.#text.slice(0, end).replace(/\r$/, '');
      this.#text = this.#text.slice(end + 1);
      if (line === '') yield* this.#finishMessage();
      else this.#takeLine(line);
    }
    if (this.#text.length > messageCharsMax) {
      throw new CliError(
        'the live stream sent a line of more than 8 MiB; is it an allsource server?',
      );
    }
  }

  #takeLine(line: string): void {
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') this.#event = value;
    else if (name === 'data') this.#data.push(value);
    else if (name === 'id') this.#id = value;
  }

  *#finishMessage(): Generator<ServerSentEvent> {
    const event = this.#event === '' ? 'message' : this.#event;
    const data = this.#data.join('\n');
    const hasData = this.#data.length > 0;
    this.#event = '';
    this.#data = [];
    if (hasData) yield { event, data, id: this.#id };
  }
}

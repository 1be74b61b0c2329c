import { once } from 'node:events';
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { makeRandom } from '../crash/random.js';

export const entityCount = 5;

/** An event as it is sent; its payload tells where it belongs. */
export interface SentEvent {
  readonly event_id: string;
  readonly event_type: string;
  readonly entity_id: string;
  readonly payload: {
    readonly append: number;
    readonly part: number;
    readonly of: number;
    readonly filler: string;
  };
}

/** Append `number` of a sweep: one event, or several that stand or fall together. */
export function makeAppend(number: number): SentEvent[] {
  const random = makeRandom(number * 7919 + 1);
  random(2);
  const of = random(3) === 0 ? 2 + random(5) : 1;
  const filler = 'x'.repeat([0, 200, 2000, 8000][random(4)] ?? 0);
  return Array.from({ length: of }, (_, part) => ({
    event_id: idOf(number, part),
    event_type: `fault.${random(3)}`,
    entity_id: `e${random(entityCount)}`,
    payload: { append: number, part, of, filler },
  }));
}

export function idOf(append: number, part: number): string {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  return `00000000-0000-4000-8000-${hex(append, 8)}${hex(part, 4)}`;
}

/** What the server said of an append. */
export interface Outcome {
  readonly append: number;
  readonly status: number;
  /** `acknowledged`, or the code of the error. */
  readonly code: string;
  readonly positions: readonly number[];
}

interface Answer {
  readonly code?: string;
  readonly position?: number;
  readonly results?: readonly { readonly position: number }[];
}

interface Called {
  readonly status: number;
  readonly answer: Answer;
}

const requestDeadlineMs = 60_000;

/** A client of one server. Requests that are not answered in time fail. */
export class Client {
  constructor(readonly url: string) {}

  async append(number: number): Promise<Outcome> {
    const events = makeAppend(number);
    const path = events.length === 1 ? '/api/v1/events' : '/api/v1/events/batch';
    const body = JSON.stringify(events.length === 1 ? events[0] : { events });
    const headers = { 'content-type': 'application/json' };
    const { status, answer } = await this.#call(path, { method: 'POST', headers, body });
    const { code = 'acknowledged', position = 0, results = [{ position }] } = answer;
    const positions = status === 200 ? results.map((result) => result.position) : [];
    return { append: number, status, code, positions };
  }

  /** Ids of all events of an entity, or the code of the error. */
  async read(entity: number): Promise<string[] | string> {
    const path = `/api/v1/events/query?entity_id=e${entity}&limit=10000`;
    const { status, answer } = await this.#call(path, {});
    // A query answers as docs/reference/http.md says.
    const { events } = answer as { events?: readonly { id: string }[] };
    if (status !== 200) return answer.code ?? `status ${status}`;
    return (events ?? []).map(({ id }) => id);
  }

  async #call(path: string, init: RequestOptions & { body?: string }): Promise<Called> {
    const signal = AbortSignal.timeout(requestDeadlineMs);
    const { body, ...options } = init;
    // On a connection of its own: one that was idle may be closed just when it is used again.
    const sent = request(this.url + path, { ...options, signal, agent: false });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const answer = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Answer;
    return { status: response.statusCode ?? 0, answer };
  }
}

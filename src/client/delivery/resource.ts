import type { DeadLetter, OfTenant } from '../../consumers/index.js';
import type { Connection } from '../connection.js';
import { type WireDeadLetter, toDeadLetter } from '../wire/consumerDocuments.js';
import { optionTables, segmentOf, toQuery } from '../wire/parameters.js';
import type { QueryParameters } from '../wire/parameters.js';

const deadLettersOfPage = 1000;

interface Wait {
  /** How long the server may wait before it answers. */
  readonly waitMs: number;
  readonly signal: AbortSignal | undefined;
}

/** One thing of a server that has a name, such as a consumer, and what is below its path. */
export class Resource {
  readonly #connection: Connection;
  readonly #path: string;
  readonly #query: QueryParameters;

  constructor(connection: Connection, collection: string, name: string, options: OfTenant) {
    this.#connection = connection;
    this.#path = `${collection}/${segmentOf(name, 'name', 'validation_error')}`;
    this.#query = toQuery(options, optionTables.tenant);
  }

  get<T>(part = '', query: QueryParameters = {}, wait: Partial<Wait> = {}): Promise<T> {
    return this.#connection.json<T>({
      path: this.#path + part,
      query: { ...this.#query, ...query },
      isRepeatable: true,
      ...wait,
    });
  }

  /** For what is the same when it is done twice. */
  post<T>(part: string, body?: object): Promise<T> {
    return this.#connection.post<T>(this.#path + part, {
      query: this.#query,
      body,
      isRepeatable: true,
    });
  }

  /** For what is not the same when it is done twice. */
  async put(part: string): Promise<void> {
    const request = { path: this.#path + part, method: 'PUT', query: this.#query } as const;
    await this.#connection.done({ ...request, isRepeatable: false });
  }

  async delete(): Promise<void> {
    const request = { path: this.#path, method: 'DELETE', query: this.#query } as const;
    await this.#connection.done({ ...request, isRepeatable: false });
  }

  /** Also while the client closes, which is when members leave. */
  async deleteMember(member: string): Promise<void> {
    const path = `${this.#path}/members/${segmentOf(member, 'member', 'validation_error')}`;
    const request = { path, method: 'DELETE', query: this.#query, outlivesClose: true } as const;
    await this.#connection.done({ ...request, isRepeatable: true });
  }

  /** Events for a member. Not repeated: what was in an answer that is lost is not known. */
  pull<T>(query: QueryParameters, { waitMs, signal }: Wait): Promise<T> {
    const path = `${this.#path}/events`;
    const request = { path, query: { ...this.#query, ...query }, waitMs, signal };
    return this.#connection.json<T>({ ...request, isRepeatable: false });
  }

  async deadLetters(): Promise<readonly DeadLetter[]> {
    const letters: DeadLetter[] = [];
    for (let from: number | null = 1; from !== null;) {
      const query = { from_position: from, limit: deadLettersOfPage };
      const page: { dead_letters: WireDeadLetter[]; next_position: number | null } = await this.get(
        '/dead-letters',
        query,
      );
      letters.push(...page.dead_letters.map(toDeadLetter));
      from = page.next_position;
    }
    return letters;
  }

  async replay(part: string, positions: readonly number[] | undefined): Promise<number> {
    return (await this.post<{ replayed: number }>(part, { positions })).replayed;
  }
}

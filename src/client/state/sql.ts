import type { SqlColumn, SqlOptions, SqlResult, SqlRow } from '../../sql/index.js';
import type { ClientRequest, Connection } from '../connection.js';
import { brokenAnswer } from '../wire/answers.js';
import { checkNames } from '../wire/parameters.js';

const path = '/api/v1/analytics/sql';
/** A query may take its time before the first row. */
const waitMs = 3_600_000;
const optionNames: ReadonlySet<string> = new Set(['tenantId', 'maxRows', 'timeoutMs', 'signal']);

/** What stands before the rows of an answer, and what behind them. */
interface Head {
  readonly columns: readonly SqlColumn[];
  readonly as_of_position: number;
}

interface End {
  readonly truncated: boolean;
}

/** SQL over the events of a server's store. */
export class RemoteSql {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async query(query: string, options: SqlOptions = {}): Promise<SqlResult> {
    const { maxRows = Number.MAX_SAFE_INTEGER } = options;
    const request = requestOf(query, { ...options, maxRows });
    const stream = this.#connection.stream({ ...request, accept: 'application/json' });
    const lines = linesOf(stream);
    const next: IteratorResult<readonly string[], undefined> = await lines.next();
    const first = next.value ?? [];
    const head = headOf(first[0]);
    if (head === undefined) {
      await lines.return(undefined);
      throw brokenAnswer(this.#connection.base, undefined);
    }
    return new RemoteRows(this.#connection.base, { head, lines, first });
  }

  arrow(query: string, options: SqlOptions = {}): AsyncGenerator<Uint8Array> {
    const accept = 'application/vnd.apache.arrow.stream';
    return this.#connection.stream({ ...requestOf(query, options), accept });
  }
}

function requestOf(query: string, options: SqlOptions): ClientRequest {
  checkNames(options, optionNames);
  const { tenantId, maxRows, timeoutMs, signal } = options;
  const body = { query, tenant_id: tenantId, max_rows: maxRows, timeout_ms: timeoutMs };
  return {
    path,
    method: 'POST',
    contentType: 'application/json',
    body: JSON.stringify(body),
    isRepeatable: true,
    signal,
    waitMs,
  };
}

/** A line that ends with `"rows":[`. */
function headOf(line: string | undefined): Head | undefined {
  if (line?.endsWith('"rows":[') !== true) return undefined;
  return JSON.parse(`${line}]}`) as Head;
}

interface Answer {
  readonly head: Head;
  readonly lines: AsyncGenerator<readonly string[], undefined>;
  /** The lines that came with the head. */
  readonly first: readonly string[];
}

/** Rows as they come: each is a line of the answer. */
class RemoteRows implements SqlResult {
  readonly columns: readonly SqlColumn[];
  readonly asOfPosition: number;
  readonly #base: string;
  readonly #lines: AsyncGenerator<readonly string[], undefined>;
  readonly #first: readonly string[];
  #end: End | undefined;

  constructor(base: string, { head, lines, first }: Answer) {
    this.#base = base;
    this.#lines = lines;
    this.#first = first.slice(1);
    this.columns = head.columns;
    this.asOfPosition = head.as_of_position;
  }

  get truncated(): boolean {
    return this.#end?.truncated ?? false;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SqlRow> {
    for await (const rows of this.batches()) yield* rows;
  }

  async *batches(): AsyncGenerator<readonly SqlRow[]> {
    try {
      if (this.#end === undefined) yield* this.#rows(this.#first);
      for await (const lines of this.#lines) yield* this.#rows(lines);
    } finally {
      await this.close();
    }
    if (this.#end === undefined) throw brokenAnswer(this.#base, undefined);
  }

  async toArray(): Promise<SqlRow[]> {
    const all: SqlRow[] = [];
    for await (const rows of this.batches()) for (const row of rows) all.push(row);
    return all;
  }

  async close(): Promise<void> {
    await this.#lines.return(undefined);
  }

  *#rows(lines: readonly string[]): Generator<readonly SqlRow[]> {
    const rows: SqlRow[] = [];
    for (const line of lines) {
      if (line.startsWith(']')) this.#end = JSON.parse(`{"rows":[${line}`) as End;
      else if (line !== '') rows.push(JSON.parse(line.replace(/,$/, '')) as SqlRow);
    }
    if (rows.length > 0) yield rows;
  }
}

/** The whole lines of each piece of an answer. */
async function* linesOf(
  stream: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly string[], undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of stream) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (lines.length > 0) yield lines;
  }
  if (rest !== '') yield [rest];
  return undefined;
}

import {
  AllSourceError,
  errorTable,
  type ErrorCode,
  type ErrorDetail,
} from '../../domain/index.js';
import type { StatsDocument } from '../../eventStore/index.js';
import { CliError, exitUsage, findSystemCode } from '../failure.js';
import type { QueryOptions, StateQuery, Target } from './target.js';
import type { WireBatchResult, WireState } from './wire.js';

/** Bytes of an error answer that are read; our own are a few hundred. */
const errorBodyCharsMax = 64 * 1024;

/** An array is a parameter given several times. */
type QueryParameters = Readonly<Record<string, string | number | readonly string[] | undefined>>;

export interface RequestOptions {
  readonly query?: QueryParameters;
  readonly method?: 'GET' | 'POST';
  readonly accept?: string;
  readonly body?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** The HTTP API at `url`, over `fetch`. Nothing is sent before the first call. */
export function openRemoteTarget(url: string): Target {
  return new RemoteTarget(parseBaseUrl(url));
}

/** The base URL without a slash at its end. Throws a usage error for anything but http(s). */
function parseBaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new CliError(
      `--url: expected a URL such as http://127.0.0.1:3900, got ${JSON.stringify(text)}`,
      { exitCode: exitUsage },
    );
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** Sends a request; an answer that is not 2xx becomes the error that its body names. */
export async function sendRequest(
  base: string,
  path: string,
  options: RequestOptions = {},
): Promise<Response> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(options.query ?? {})) {
    const values: readonly (string | number | undefined)[] = Array.isArray(value) ? value : [value];
    for (const one of values) if (one !== undefined) query.append(name, String(one));
  }
  const address = `${base}${path}${query.size > 0 ? `?${query.toString()}` : ''}`;
  const response = await reach(base, address, options);
  if (!response.ok) throw await readError(base, response);
  return response;
}

/** Query parameters of the filters that query and live stream share. */
export function filterParameters(options: QueryOptions): QueryParameters {
  return {
    tenant_id: options.tenantId,
    entity_id: options.entityId,
    event_type: options.eventType,
    event_type_prefix: options.eventTypePrefix,
    tag: options.tags,
    from_position: options.fromPosition,
  };
}

/** A connection that broke while an answer was being read. */
export function describeBrokenAnswer(base: string, error: unknown): CliError {
  const code = findSystemCode(error);
  const reason = code === undefined ? '' : ` (${code})`;
  return new CliError(
    `${base}: the connection ended in the middle of the answer${reason}; see whether the server ` +
      'is still running, and try again',
    { cause: error },
  );
}

class RemoteTarget implements Target {
  readonly kind = 'url';
  readonly place: string;

  constructor(base: string) {
    this.place = base;
  }

  async *query(options: QueryOptions): AsyncGenerator<Uint8Array> {
    const response = await sendRequest(this.place, '/api/v1/events/query', {
      accept: 'application/x-ndjson',
      query: {
        ...filterParameters(options),
        since: options.since,
        until: options.until,
        as_of: options.asOf,
        order: options.order,
        limit: options.limit,
      },
    });
    try {
      if (response.body !== null) yield* response.body;
    } catch (error) {
      throw describeBrokenAnswer(this.place, error);
    }
  }

  async state(entityId: string, options: StateQuery): Promise<WireState> {
    const path = `/api/v1/entities/${encodeURIComponent(entityId)}/state`;
    const query = {
      tenant_id: options.tenantId,
      as_of: options.asOf,
      history_limit: options.historyLimit,
    };
    const response = await sendRequest(this.place, path, { query });
    // The server's answer has the shape that its OpenAPI document promises.
    return (await readDocument(this.place, response)) as WireState;
  }

  async stats(tenantId: string | undefined): Promise<StatsDocument> {
    const query = { tenant_id: tenantId };
    const response = await sendRequest(this.place, '/api/v1/stats', { query });
    // See state().
    return (await readDocument(this.place, response)) as StatsDocument;
  }

  async append(batch: Uint8Array): Promise<WireBatchResult> {
    const response = await sendRequest(this.place, '/api/v1/events/batch', {
      method: 'POST',
      query: { return: 'summary' },
      headers: { 'content-type': 'application/x-ndjson' },
      body: batch,
    });
    // See state().
    return (await readDocument(this.place, response)) as WireBatchResult;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

async function readDocument(base: string, response: Response): Promise<unknown> {
  let text: string;
  try {
    text = await response.text();
  } catch (error) {
    throw describeBrokenAnswer(base, error);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CliError(
      `${base} answered something that is not JSON; is that an allsource server?`,
      {
        cause: error,
      },
    );
  }
}

async function reach(base: string, address: string, options: RequestOptions): Promise<Response> {
  try {
    return await fetch(address, {
      method: options.method ?? 'GET',
      headers: { accept: options.accept ?? 'application/json', ...options.headers },
      // The bytes are ours alone; the types of fetch want to know that they are not shared.
      ...(options.body && { body: options.body as Uint8Array<ArrayBuffer> }),
      ...(options.signal && { signal: options.signal }),
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw unreachable(base, error);
  }
}

function unreachable(base: string, error: unknown): CliError {
  const code = findSystemCode(error);
  const reasons: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'nothing listens there',
    ENOTFOUND: 'there is no such host',
    EAI_AGAIN: 'the name of the host cannot be looked up now',
    ECONNRESET: 'the connection was cut',
    ETIMEDOUT: 'no answer in time',
  };
  const reason = reasons[code ?? ''] ?? code ?? 'no HTTP answer';
  return new CliError(
    `${base} cannot be reached: ${reason}; start a server with \`allsource serve\`, name another ` +
      'one with --url, or read a data directory with --data-dir',
    { cause: error },
  );
}

async function readError(base: string, response: Response): Promise<Error> {
  const text = (await response.text()).slice(0, errorBodyCharsMax);
  const body = parseErrorBody(text);
  if (body === undefined) {
    return new CliError(
      `${base} answered ${response.status} without an error that allsource knows; is that an ` +
        'allsource server?',
    );
  }
  if (isErrorCode(body.code)) {
    return new AllSourceError(body.code, body.error, body.details && { details: body.details });
  }
  return new CliError(`${body.error} (${body.code})`);
}

interface ErrorBody {
  readonly error: string;
  readonly code: string;
  readonly details: readonly ErrorDetail[] | undefined;
}

function parseErrorBody(text: string): ErrorBody | undefined {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== 'object' || body === null) return undefined;
    if (!('error' in body) || typeof body.error !== 'string') return undefined;
    if (!('code' in body) || typeof body.code !== 'string') return undefined;
    const details = 'details' in body && Array.isArray(body.details) ? body.details : undefined;
    return { error: body.error, code: body.code, details: details?.filter(isDetail) };
  } catch {
    // An answer of something that is not allsource; the caller says so.
    return undefined;
  }
}

function isDetail(value: unknown): value is ErrorDetail {
  return (
    typeof value === 'object' &&
    value !== null &&
    'reason' in value &&
    typeof value.reason === 'string' &&
    (!('line' in value) || typeof value.line === 'number')
  );
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code);
}

import { AllSourceError, abortedError } from '../domain/index.js';
import { Closing } from './closing.js';
import type { EndSignal } from './closing.js';
import {
  brokenAnswer,
  errorOfAnswer,
  isTransient,
  strangeAnswer,
  unreachable,
} from './wire/answers.js';
import type { QueryParameters } from './wire/parameters.js';
import type { ClientOptions, WebSocketConstructor, WebSocketLike } from './types.js';

/** What an answer may take longer than others where the work is long; `fetch` itself waits 300 s. */
export const longWaitMs = 240_000;
const retryForMsDefault = 30_000;
const timeoutMsDefault = 30_000;
const retryWaitMs = 50;
const retryWaitMsMax = 2_000;

export interface ClientRequest {
  readonly path: string;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | undefined;
  readonly query?: QueryParameters | undefined;
  readonly accept?: string | undefined;
  readonly contentType?: string | undefined;
  readonly body?: string | Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
  /** It does no harm twice: it is tried again where no answer came. */
  readonly isRepeatable: boolean;
  /** What the server may take longer than for other answers. */
  readonly waitMs?: number | undefined;
  /** `close` waits for it, and does not end it. */
  readonly outlivesClose?: boolean | undefined;
}

/** What is sent with a body of JSON, or with none. */
interface JsonRequest extends Pick<ClientRequest, 'query' | 'isRepeatable' | 'signal' | 'waitMs'> {
  readonly body?: object | undefined;
}

function withJson<R extends { readonly body?: object | undefined }>({ body, ...rest }: R) {
  const content = body && { contentType: 'application/json', body: JSON.stringify(body) };
  return { ...rest, ...content };
}

/** Requests to one server, over `fetch` and `WebSocket`. Nothing is sent before the first call. */
export class Connection {
  /** The URL without a slash at its end. */
  readonly base: string;
  readonly retryForMs: number;
  readonly #timeoutMs: number;
  readonly #token: string | undefined;
  readonly #fetch: typeof fetch;
  readonly #WebSocket: WebSocketConstructor | undefined;
  readonly #closing = new Closing();
  readonly #unfinished = new Set<Promise<unknown>>();
  readonly #starts = new Set<Promise<void>>();

  constructor(url: string | URL, options: ClientOptions) {
    this.base = baseOf(url);
    this.retryForMs = durationOf('retryForMs', options.retryForMs, retryForMsDefault);
    this.#timeoutMs = durationOf('timeoutMs', options.timeoutMs, timeoutMsDefault);
    this.#token = options.token;
    const { fetch: wanted = globalThis.fetch } = options;
    // Browsers refuse a fetch that is called as a method of something else.
    this.#fetch = (...args) => wanted(...args);
    this.#WebSocket = options.WebSocket ?? globalThis.WebSocket;
  }

  /** Aborted when the client is closed. */
  get closing(): EndSignal {
    return this.#closing;
  }

  mustBeOpen(): void {
    if (this.closing.aborted) throw closedError();
  }

  /**
   * Sends a request and reads its answer; an answer that is not 2xx becomes the error that its body
   * names. What can be repeated is, with growing waits, for as long as the options say.
   */
  async send<T>(request: ClientRequest, read: (response: Response) => Promise<T>): Promise<T> {
    if (request.outlivesClose !== true) this.mustBeOpen();
    // What a subscription begins with is settled before anything else is asked for.
    if (this.#starts.size > 0) await Promise.all(this.#starts);
    const giveUpAt = Date.now() + this.retryForMs;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(request, read);
      } catch (error) {
        const isWorthAnother = request.isRepeatable && isTransient(error) && Date.now() < giveUpAt;
        if (!isWorthAnother) throw error;
        await this.pause(attempt, request.signal);
        if (this.closing.aborted) throw error;
      }
    }
  }

  /** The same for JSON answers, whose shape is that of `/openapi.json`. */
  json<T>(request: ClientRequest): Promise<T> {
    return this.send(request, async (response) => {
      const text = await response.text();
      try {
        return JSON.parse(text) as T;
      } catch {
        throw strangeAnswer(this.base, response);
      }
    });
  }

  /** The same for appends, which `close` waits for. */
  append<T>(request: ClientRequest): Promise<T> {
    const done = this.json<T>({ ...request, method: 'POST', outlivesClose: true });
    this.finish(done);
    return done;
  }

  /** JSON to a path, and the JSON of the answer. */
  post<T>(path: string, request: JsonRequest): Promise<T> {
    return this.json<T>({ path, method: 'POST', ...withJson(request) });
  }

  /** The same with `PUT`. */
  put<T>(path: string, request: JsonRequest): Promise<T> {
    return this.json<T>({ path, method: 'PUT', ...withJson(request) });
  }

  /** For whatever the answer holds; a body that is left unread holds its connection. */
  async done(request: Omit<ClientRequest, 'body'> & Pick<JsonRequest, 'body'>): Promise<void> {
    await this.send(withJson(request), async (response) => {
      await response.arrayBuffer();
    });
  }

  /** Lets `close` wait for what has begun. */
  finish(work: Promise<unknown>): void {
    const settled = work.then(
      () => undefined,
      () => undefined,
    );
    this.#unfinished.add(settled);
    void settled.then(() => this.#unfinished.delete(settled));
  }

  /** The bytes of an answer as they come; a reader that leaves, and `close`, end the request. */
  async *stream(request: ClientRequest): AsyncGenerator<Uint8Array> {
    const { signal } = request;
    const body = await this.send(request, async (response) => response.body?.getReader());
    if (body === undefined) return;
    const ends = [signal, this.closing];
    const stop = (): void => void body.cancel().catch(() => undefined);
    for (const end of ends) end?.addEventListener('abort', stop, { once: true });
    try {
      for (;;) {
        if (signal?.aborted) throw abortedError();
        this.mustBeOpen();
        const piece: { readonly done: boolean; readonly value?: Uint8Array } = await body.read();
        if (piece.value !== undefined) yield piece.value;
        else if (!ends.some((end) => end?.aborted)) return;
      }
    } catch (error) {
      throw error instanceof AllSourceError ? error : brokenAnswer(this.base, error);
    } finally {
      for (const end of ends) end?.removeEventListener('abort', stop);
      stop();
    }
  }

  openWebSocket(path: string, query: QueryParameters): WebSocketLike {
    if (this.#WebSocket === undefined) {
      throw new AllSourceError(
        'invalid_configuration',
        'there is no WebSocket here: give connect one in its options',
      );
    }
    // Browsers send no header of ours with it.
    const url = this.#urlOf({ path, query: { ...query, access_token: this.#token } });
    return new this.#WebSocket(url.replace(/^http/, 'ws'));
  }

  /** Lets later requests wait until a subscription has begun, or could not. */
  begin(start: Promise<void>): void {
    this.#starts.add(start);
    void start.finally(() => this.#starts.delete(start));
  }

  /** Before another attempt. */
  async pause(attempt: number, signal?: AbortSignal): Promise<void> {
    await wait(backoffMs(attempt, retryWaitMsMax), [signal, this.closing]);
    if (signal?.aborted) throw abortedError();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#unfinished);
  }

  async #attempt<T>(request: ClientRequest, read: (response: Response) => Promise<T>): Promise<T> {
    const { signal } = request;
    const ends = [signal, request.outlivesClose === true ? undefined : this.closing];
    if (signal?.aborted) throw abortedError();
    const controller = new AbortController();
    const abort = (): void => controller.abort();
    const timer = setTimeout(
      () => controller.abort(new DOMException('no answer in time', 'TimeoutError')),
      this.#timeoutMs + (request.waitMs ?? 0),
    );
    for (const end of ends) end?.addEventListener('abort', abort, { once: true });
    try {
      const response = await this.#fetch(this.#urlOf(request), {
        method: request.method ?? 'GET',
        headers: this.#headersOf(request),
        // The bytes are the caller's; the types of fetch want to know that they are not shared.
        body: (request.body as string | Uint8Array<ArrayBuffer> | undefined) ?? null,
        signal: controller.signal,
      });
      if (!response.ok) throw await errorOfAnswer(this.base, response);
      return await read(response);
    } catch (error) {
      if (error instanceof AllSourceError) throw error;
      if (signal?.aborted) throw abortedError();
      if (this.closing.aborted && request.outlivesClose !== true) throw closedError();
      throw unreachable(this.base, error);
    } finally {
      clearTimeout(timer);
      for (const end of ends) end?.removeEventListener('abort', abort);
    }
  }

  #urlOf({ path, query = {} }: Pick<ClientRequest, 'path' | 'query'>): string {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      const values: readonly (string | number | undefined)[] = Array.isArray(value)
        ? value
        : [value];
      for (const one of values) if (one !== undefined) parameters.append(name, String(one));
    }
    const text = parameters.toString();
    return `${this.base}${path}${text === '' ? '' : `?${text}`}`;
  }

  #headersOf({ accept = 'application/json', contentType }: ClientRequest): Record<string, string> {
    return {
      accept,
      ...(contentType !== undefined && { 'content-type': contentType }),
      ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
    };
  }
}

export function closedError(): AllSourceError {
  return new AllSourceError('store_closed', 'the client was closed before this call');
}

/** How long to wait before an attempt: twice as long each time, part of it by chance. */
export function backoffMs(attempt: number, maxMs: number): number {
  return Math.min(retryWaitMs * 2 ** (attempt - 1), maxMs) * (0.5 + Math.random() / 2);
}

/** Resolves after a while, or when one of the signals is aborted. */
export function wait(
  milliseconds: number,
  signals: readonly (EndSignal | undefined)[],
): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      for (const signal of signals) signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    for (const signal of signals) {
      if (signal?.aborted) finish();
      else signal?.addEventListener('abort', finish, { once: true });
    }
  });
}

function baseOf(text: string | URL): string {
  const url = URL.canParse(String(text)) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new AllSourceError(
      'invalid_configuration',
      `url: expected one such as http://127.0.0.1:3900, got ${JSON.stringify(String(text))}`,
    );
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

function durationOf(name: string, value: number | undefined, usual: number): number {
  if (value === undefined) return usual;
  if (typeof value === 'number' && value >= 0) return value;
  throw new AllSourceError(
    'invalid_configuration',
    `${name}: expected milliseconds, 0 or more, got ${String(value)}`,
  );
}

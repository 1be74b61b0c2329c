import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import {
  AllSourceError,
  isJsonObject,
  isJsonValue,
  jsonDepthMax,
  linkSignals,
} from '../../domain/index.js';
import type { JsonObject } from '../../domain/index.js';
import { RequestRefused, sendRequest } from '../../outgoing/index.js';
import type { Answer } from '../../outgoing/index.js';
import type { EnrichRequest } from '../../pipelines/index.js';
import type { LookupCounts } from '../types.js';
import { AnswerCache } from './answerCache.js';

const urlCharactersMax = 8192;
const answerBytesMax = 256 * 1024;
/** So that there is room for it in a value that is to become an event. */
const answerDepthMax = jsonDepthMax / 2;
const retryMs = 50;
const retryMsMax = 1000;
/** Part of a wait that is left to chance. */
const jitter = 0.25;
/** The server says that there is nothing. */
const missStatuses: readonly number[] = [404, 410];
/** The server may answer otherwise in a moment, as may any of 500 and above. */
const retriedStatuses: readonly number[] = [408, 425, 429];

export type HttpRequest = EnrichRequest & { readonly type: 'http' };

/** Why a lookup failed, in words that hold nothing of its URL. */
class LookupFailure extends Error {
  readonly isFinal: boolean;

  constructor(reason: string, { isFinal }: { readonly isFinal: boolean }) {
    super(reason);
    this.isFinal = isFinal;
  }
}

/**
 * Asks other servers for JSON objects. What is asked for twice at a time is asked once; answers are kept
 * for as long as each request says, that there is nothing included.
 */
export class HttpLookups {
  readonly counts: { -readonly [name in keyof LookupCounts]: number } = {
    found: 0,
    missing: 0,
    failed: 0,
    cached: 0,
  };
  readonly #isAllowed: (address: string) => boolean;
  readonly #cache = new AnswerCache();
  readonly #underWay = new Map<string, Promise<string | undefined>>();
  readonly #close = new AbortController();

  constructor(isAllowed: (address: string) => boolean) {
    this.#isAllowed = isAllowed;
    // Whatever is under way listens to it.
    setMaxListeners(0, this.#close.signal);
  }

  /**
   * Undefined where there is nothing. Rejects with `unprocessable` where there was no answer that can be
   * used in time, and with `aborted` as soon as `signal` says so, or this is closed.
   */
  async lookup(request: HttpRequest, signal: AbortSignal): Promise<JsonObject | undefined> {
    if (request.url.length > urlCharactersMax) {
      const expected = `expected a URL of at most ${urlCharactersMax} characters`;
      throw new AllSourceError('unprocessable', `the lookup failed: ${expected}`);
    }
    // A tenant must not learn from the time that an answer takes what another one asks for.
    const key = `${request.tenantId} ${new URL(request.url).href}`;
    const known = this.#cache.get(key, request.cacheSeconds * 1000);
    if (known !== undefined) this.counts.cached += 1;
    const text = known === undefined ? await this.#shared(key, request, signal) : known.text;
    // It was checked when it came. Each caller gets an object of its own.
    return text === undefined ? undefined : (JSON.parse(text) as JsonObject);
  }

  /** Ends what is under way. */
  close(): void {
    this.#close.abort();
  }

  async #shared(
    key: string,
    request: HttpRequest,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const flight = `${request.timeoutMs} ${key}`;
    let answer = this.#underWay.get(flight);
    if (answer === undefined) {
      answer = this.#ask(key, request).finally(() => this.#underWay.delete(flight));
      // Whoever waits for it may have gone.
      answer.catch(() => undefined);
      this.#underWay.set(flight, answer);
    }
    const waiting = linkSignals([signal, this.#close.signal]);
    return untilAborted(answer, waiting.signal).finally(waiting.release);
  }

  async #ask(key: string, request: HttpRequest): Promise<string | undefined> {
    const askedAtMs = performance.now();
    try {
      const text = await this.#askUntil(askedAtMs + request.timeoutMs, request);
      this.counts[text === undefined ? 'missing' : 'found'] += 1;
      if (request.cacheSeconds > 0) this.#cache.set(key, { text, askedAtMs });
      return text;
    } catch (error) {
      this.counts.failed += 1;
      const reason = error instanceof LookupFailure ? error.message : 'an unexpected error';
      throw new AllSourceError('unprocessable', `the lookup failed: ${reason}`, { cause: error });
    }
  }

  /** Tries again, while there is time, what may go better. */
  async #askUntil(deadline: number, request: HttpRequest): Promise<string | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const timeoutMs = Math.max(Math.ceil(deadline - performance.now()), 1);
        return textOf(await this.#get(request.url, timeoutMs));
      } catch (error) {
        const failure = failureOf(error, request.timeoutMs);
        const delayMs = retryDelay(attempt);
        if (failure.isFinal || performance.now() + delayMs >= deadline) throw failure;
        await wait(delayMs, undefined, { signal: this.#close.signal });
      }
    }
  }

  #get(url: string, timeoutMs: number): Promise<Answer> {
    return sendRequest({
      method: 'GET',
      url,
      headers: {
        accept: 'application/json',
        'accept-encoding': 'identity',
        'user-agent': 'allsource-core',
      },
      timeoutMs,
      answerBytesMax,
      signal: this.#close.signal,
      isAllowed: this.#isAllowed,
    });
  }
}

/** The JSON text of an object; undefined where the server says that there is nothing. */
function textOf({ status, body, ending }: Answer): string | undefined {
  if (missStatuses.includes(status)) return undefined;
  if (status < 200 || status >= 300) {
    const isFinal = status < 500 && !retriedStatuses.includes(status);
    throw new LookupFailure(`the server answered ${status}`, { isFinal });
  }
  if (ending === 'tooLong') {
    throw new LookupFailure(`more than ${answerBytesMax} bytes`, { isFinal: true });
  }
  if (ending === 'broken') throw new LookupFailure('the answer broke off', { isFinal: false });
  const value = parsed(body);
  if (isJsonObject(value) && isJsonValue(value, jsonDepthMax - answerDepthMax)) {
    return JSON.stringify(value);
  }
  const expected = `expected a JSON object that is at most ${answerDepthMax} deep`;
  throw new LookupFailure(expected, { isFinal: true });
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}

/** Errors of the system and of URLs may name what stands in the URL. */
function failureOf(error: unknown, timeoutMs: number): LookupFailure {
  if (error instanceof LookupFailure) return error;
  if (error instanceof RequestRefused && error.kind === 'address') {
    return new LookupFailure('its address is not a public one', { isFinal: true });
  }
  // Of the URL of a redirect, where it is not the redirect itself.
  if (error instanceof RequestRefused || error instanceof AllSourceError) {
    return new LookupFailure('it is redirected where it can’t follow', { isFinal: true });
  }
  const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
  return new LookupFailure(`no answer within ${timeoutMs} ms${code}`, { isFinal: false });
}

function retryDelay(attempt: number): number {
  const delayMs = Math.min(retryMs * 2 ** (attempt - 1), retryMsMax);
  return delayMs * (1 - jitter + 2 * jitter * Math.random());
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(new AllSourceError('aborted', 'the lookup was no longer waited for'));
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    const forget = (): void => signal.removeEventListener('abort', onAbort);
    promise.then(resolve, reject).finally(forget);
  });
}

import { lookup } from 'node:dns';
import type { LookupAddress, LookupOptions } from 'node:dns';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { AllSourceError, linkSignals } from '../domain/index.js';

const redirectsMax = 3;
/** Statuses whose redirect is followed: after a POST those that keep the method. */
const redirects = { GET: [301, 302, 303, 307, 308], POST: [307, 308] } as const;

export interface OutgoingRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Time for all of it, redirects and the body of the answer included. */
  readonly timeoutMs: number;
  /** What lies behind them is not read. */
  readonly answerBytesMax: number;
  readonly signal: AbortSignal;
  /** Whether a connection to this IP address may be made. */
  readonly isAllowed: (address: string) => boolean;
}

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
  /** `broken`: the connection ended before the body did. */
  readonly ending: 'whole' | 'tooLong' | 'broken';
}

/** What would be refused again, however often it is sent. */
export class RequestRefused extends Error {
  readonly kind: 'address' | 'redirect';

  constructor(kind: RequestRefused['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/**
 * Sends a request to another server; gives its answer, whatever its status. The address of every
 * connection is checked, after the name was looked up and before anything is sent; what was checked is
 * what is connected to. Rejects with why there was no answer, which may name a host, but no more of a URL.
 */
export async function sendRequest(options: OutgoingRequest): Promise<Answer> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const { signal, release } = linkSignals([options.signal, timeout]);
  const followed: readonly number[] = redirects[options.method];
  let url = checkedUrl(options.url);
  try {
    for (let hop = 0; ; hop += 1) {
      const incoming = await send(url, { ...options, signal });
      const { statusCode: status = 0, headers } = incoming;
      const answer = { status, ...(await readBody(incoming, options.answerBytesMax)) };
      if (!followed.includes(status) || headers.location === undefined) return answer;
      if (hop === redirectsMax) throw tooManyRedirects();
      url = redirected(headers.location, url);
    }
  } catch (error) {
    if (timeout.aborted) throw new Error(`no answer within ${options.timeoutMs} ms`);
    throw error;
  } finally {
    release();
  }
}

/** Throws `validation_error` for what no request can be sent to. */
export function checkedUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const reason =
    url === null || !['http:', 'https:'].includes(url.protocol)
      ? 'expected an http or https URL'
      : url.username !== '' || url.password !== ''
        ? 'expected no user name or password in the URL; use the signature'
        : undefined;
  if (url !== null && reason === undefined) return url;
  throw new AllSourceError('validation_error', `url: ${reason}`, {
    details: [{ field: 'url', reason: reason ?? '' }],
  });
}

/** The IP address that a URL names; undefined where it names a host. */
function literalAddress({ hostname }: URL): string | undefined {
  const address = hostname.replace(/^\[|\]$/g, '');
  return isIP(address) === 0 ? undefined : address;
}

/** What is wrong with a URL that names an address itself; undefined where it may be asked. */
export function addressProblem(
  url: URL,
  isAllowed: (address: string) => boolean,
): string | undefined {
  const literal = literalAddress(url);
  if (literal === undefined || isAllowed(literal)) return undefined;
  return `expected a public address, got ${literal}`;
}

function tooManyRedirects(): RequestRefused {
  return new RequestRefused('redirect', `more than ${redirectsMax} redirects`);
}

function addressRefused(address: string): RequestRefused {
  const reason = 'is not a public address; allow it by configuration where that is meant';
  return new RequestRefused('address', `${address} ${reason}`);
}

function redirected(location: string, from: URL): URL {
  if (URL.canParse(location, from.href)) return checkedUrl(new URL(location, from).href);
  throw new RequestRefused('redirect', 'it redirects to what is no URL');
}

async function send(url: URL, options: OutgoingRequest): Promise<IncomingMessage> {
  const { method, headers, body, signal, isAllowed } = options;
  const literal = literalAddress(url);
  if (literal !== undefined && !isAllowed(literal)) throw addressRefused(literal);
  // Few stores send anything: what that takes is loaded by the first that does.
  const { request } = await (url.protocol === 'https:'
    ? import('node:https')
    : import('node:http'));
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method,
      headers: { ...headers, ...length },
      // A connection of its own: a kept one would be to an address that was checked for another name.
      agent: false,
      signal,
      lookup: checkingLookup(isAllowed),
    });
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
    // Without a response: the receiver wants to speak something else, or has hung up.
    outgoing.once('upgrade', (_answer, socket) => {
      socket.destroy();
      reject(new Error('the receiver answered 101: it wants another protocol'));
    });
    outgoing.once('close', () => reject(new Error('the receiver hung up without an answer')));
    outgoing.end(body);
  });
}

type LookupDone = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** Looks a name up, and refuses it where one of its addresses is not allowed. */
function checkingLookup(isAllowed: (address: string) => boolean) {
  return (hostname: string, options: LookupOptions, done: LookupDone): void => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, []);
      const refused = addresses.find(({ address }) => !isAllowed(address));
      if (refused !== undefined) return done(addressRefused(refused.address), []);
      if (options.all === true) return done(null, addresses);
      const [first] = addresses;
      done(null, first?.address ?? '', first?.family);
    });
  };
}

/** What comes may be without end, or end too early. */
function readBody(answer: IncomingMessage, bytesMax: number): Promise<Omit<Answer, 'status'>> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    answer.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bytesMax) answer.destroy();
      else chunks.push(chunk);
    });
    const end = (): void => {
      const ending = bytes > bytesMax ? 'tooLong' : answer.complete ? 'whole' : 'broken';
      resolve({ body: Buffer.concat(chunks), ending });
    };
    answer.once('close', end);
    answer.once('error', end);
  });
}

import { lookup } from 'node:dns';
import type { LookupAddress, LookupOptions } from 'node:dns';
import { request as requestHttp } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { AllSourceError } from '../domain/index.js';

const redirectsMax = 3;
const answerBytesMax = 64 * 1024;

export interface PostOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Whether a connection to this IP address may be made. */
  readonly isAllowed: (address: string) => boolean;
}

/**
 * Sends a body; gives the status of the answer. Redirects that keep the method are followed. The
 * address of every connection is checked, after the name was looked up and before anything is sent;
 * what was checked is what is connected to. Rejects with why there was no answer.
 */
export async function post(options: PostOptions): Promise<number> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const signal = AbortSignal.any([options.signal, timeout]);
  let url = checkedUrl(options.url);
  try {
    for (let hop = 0; ; hop += 1) {
      const answer = await send(url, { ...options, signal });
      const { statusCode: status = 0, headers } = answer;
      await discard(answer);
      const isKept = status === 307 || status === 308;
      if (!isKept || headers.location === undefined) return status;
      if (hop === redirectsMax) throw new Error(`more than ${redirectsMax} redirects`);
      url = checkedUrl(new URL(headers.location, url).href);
    }
  } catch (error) {
    if (timeout.aborted) throw new Error(`no answer within ${options.timeoutMs} ms`);
    throw error;
  }
}

/** Throws `validation_error` for what no webhook can be sent to. */
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
export function literalAddress({ hostname }: URL): string | undefined {
  const address = hostname.replace(/^\[|\]$/g, '');
  return isIP(address) === 0 ? undefined : address;
}

function send(url: URL, options: PostOptions): Promise<IncomingMessage> {
  const { headers, body, signal, isAllowed } = options;
  const literal = literalAddress(url);
  if (literal !== undefined && !isAllowed(literal)) return Promise.reject(notAllowed(literal));
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
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
      if (refused !== undefined) return done(notAllowed(refused.address), []);
      if (options.all === true) return done(null, addresses);
      const [first] = addresses;
      done(null, first?.address ?? '', first?.family);
    });
  };
}

function notAllowed(address: string): Error {
  return new Error(
    `${address} is not a public address; allow it by configuration where that is meant`,
  );
}

/** What the receiver says is of no interest, and may be without end. */
function discard(answer: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0;
    answer.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > answerBytesMax) answer.destroy();
    });
    answer.once('close', resolve);
    answer.once('error', () => resolve());
  });
}

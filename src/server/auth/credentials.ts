import type { IncomingMessage } from 'node:http';

/**
 * What a caller shows: a bearer token, with its scheme or bare, or a key in `X-API-Key`. Undefined where
 * there is nothing.
 */
export function credentialIn({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const { authorization, 'x-api-key': apiKey } = headers;
  const bearer = authorization === undefined ? undefined : withoutScheme(authorization);
  if (bearer !== undefined) return bearer;
  return typeof apiKey === 'string' && apiKey !== '' ? apiKey : undefined;
}

const scheme = 'bearer ';

function withoutScheme(text: string): string | undefined {
  const hasScheme = text.slice(0, scheme.length).toLowerCase() === scheme;
  const credential = (hasScheme ? text.slice(scheme.length) : text).trim();
  return credential === '' ? undefined : credential;
}

/** Browsers can't set headers of WebSockets and event streams: theirs is in the URL, which is not logged. */
export function credentialInQuery(queryText: string): string | undefined {
  if (!queryText.includes('access_token=')) return undefined;
  return new URLSearchParams(queryText).get('access_token') ?? undefined;
}

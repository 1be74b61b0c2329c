import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { AllSourceError, secretPrefix, secretProblem } from '../domain/index.js';

// Signatures are those of https://www.standardwebhooks.com: HMAC-SHA256 over `id.timestamp.body`, so
// that its libraries check them in any language.

const toleranceSecondsDefault = 300;

export interface WebhookHeaders {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

export function makeSecret(): string {
  return secretPrefix + randomBytes(32).toString('base64');
}

/** Throws `validation_error`. */
export function checkSecret(secret: string): string {
  const reason = secretProblem(secret);
  if (reason === undefined) return secret;
  throw new AllSourceError('validation_error', `secret: ${reason}`, {
    details: [{ field: 'secret', reason }],
  });
}

export function signedHeaders(
  secret: string,
  { id, seconds, body }: { id: string; seconds: number; body: string },
): WebhookHeaders {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': signatureOf(secret, `${id}.${seconds}.${body}`),
  };
}

/**
 * For receivers: whether a request came from who knows the secret, and not longer ago than
 * `toleranceSeconds` (300). `headers` by lower-case name; `body` as it came, before any parsing.
 */
export function verifyWebhook(
  secret: string,
  request: {
    readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
    readonly body: string | Uint8Array;
    readonly toleranceSeconds?: number;
  },
): boolean {
  const { headers, body, toleranceSeconds = toleranceSecondsDefault } = request;
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const signatures = headers['webhook-signature'];
  if (typeof id !== 'string' || typeof timestamp !== 'string') return false;
  if (typeof signatures !== 'string' || !/^[0-9]{1,12}$/.test(timestamp)) return false;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > toleranceSeconds) return false;
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('utf8');
  const expected = Buffer.from(signatureOf(secret, `${id}.${timestamp}.${text}`));
  // While a secret is changed there may be several.
  return signatures.split(' ').some((signature) => {
    const given = Buffer.from(signature);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

function signatureOf(secret: string, text: string): string {
  return `v1,${createHmac('sha256', keyOf(secret)).update(text).digest('base64')}`;
}

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.slice(secretPrefix.length), 'base64');
}

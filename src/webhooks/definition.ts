import { AllSourceError } from '../domain/index.js';
import type { JsonObject } from '../domain/index.js';
import { checkedUrl, literalAddress } from './post.js';
import { checkSecret, makeSecret } from './signature.js';
import type { WebhookOptions } from './types.js';

/** A webhook as it is kept in the log, beside its consumer. */
export interface WebhookDefinition {
  readonly url: string;
  readonly secret: string;
  readonly timeoutMs: number;
  readonly pauseAfter: number;
}

export const webhookLimits = {
  timeoutMs: { min: 100, max: 60_000, default: 10_000 },
  pauseAfter: { min: 1, max: 1_000, default: 20 },
  /** About five hours, with waits of up to an hour. */
  maxAttempts: { min: 1, max: 1_000, default: 16 },
} as const;

const optionNames: Readonly<Record<keyof WebhookOptions, true>> = {
  name: true,
  tenantId: true,
  filter: true,
  from: true,
  maxAttempts: true,
  url: true,
  secret: true,
  timeoutMs: true,
  pauseAfter: true,
};

/** Throws `validation_error`. */
export function webhookDefinitionOf(
  options: WebhookOptions,
  isAllowed: (address: string) => boolean,
): WebhookDefinition {
  for (const name in options) {
    if (!(name in optionNames)) {
      throw invalid(
        name,
        `not an option of a webhook; they are ${Object.keys(optionNames).join(', ')}`,
      );
    }
  }
  const url = checkedUrl(options.url);
  const literal = literalAddress(url);
  if (literal !== undefined && !isAllowed(literal)) {
    throw invalid('url', `expected a public address, got ${literal}`);
  }
  return {
    url: url.href,
    secret: options.secret === undefined ? makeSecret() : checkSecret(options.secret),
    timeoutMs: numberOf('timeoutMs', options.timeoutMs),
    pauseAfter: numberOf('pauseAfter', options.pauseAfter),
  };
}

export function webhookToPayload(definition: WebhookDefinition): JsonObject {
  return { ...definition };
}

function numberOf(name: 'timeoutMs' | 'pauseAfter', value: number | undefined): number {
  const { min, max, default: usual } = webhookLimits[name];
  if (value === undefined) return usual;
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalid(name, `expected a whole number from ${min} to ${max}, got ${String(value)}`);
}

function invalid(field: string, reason: string): AllSourceError {
  return new AllSourceError('validation_error', `${field}: ${reason}`, {
    details: [{ field, reason }],
  });
}

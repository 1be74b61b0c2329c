import { invalidOption, optionNumber } from '../consumers/index.js';
import type { JsonObject } from '../domain/index.js';
import { addressProblem, checkedUrl } from '../outgoing/index.js';
import { checkSecret, makeSecret } from './signature.js';
import type { WebhookOptions } from './types.js';

/** A webhook as it is kept in the log, beside its consumer. */
export interface WebhookDefinition {
  readonly url: string;
  readonly secret: string;
  readonly timeoutMs: number;
  readonly pauseAfter: number;
  /** Whose results it posts; its consumer is of the tenant that these are written to then. */
  readonly pipeline?: WebhookPipeline;
}

/** A pipeline that webhooks belong to. */
export interface WebhookPipeline {
  readonly id: string;
  readonly tenantId: string;
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
      throw invalidOption(
        name,
        `not an option of a webhook; they are ${Object.keys(optionNames).join(', ')}`,
      );
    }
  }
  const url = checkedUrl(options.url);
  const problem = addressProblem(url, isAllowed);
  if (problem !== undefined) throw invalidOption('url', problem);
  return {
    url: url.href,
    secret: options.secret === undefined ? makeSecret() : checkSecret(options.secret),
    timeoutMs: optionNumber('timeoutMs', options.timeoutMs, webhookLimits.timeoutMs),
    pauseAfter: optionNumber('pauseAfter', options.pauseAfter, webhookLimits.pauseAfter),
  };
}

export function webhookToPayload(definition: WebhookDefinition): JsonObject {
  const { pipeline, ...rest } = definition;
  return { ...rest, ...(pipeline !== undefined && { pipeline: { ...pipeline } }) };
}

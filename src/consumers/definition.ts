import { AllSourceError } from '../domain/index.js';
import type { JsonObject, SubscriptionFilter } from '../domain/index.js';
import { tenantOf } from '../eventStore/index.js';

/** What a consumer is created with. */
export interface ConsumerOptions {
  /** 1-128 letters, digits, `.`, `_` and `-`; unique in the tenant. */
  readonly name: string;
  /** Default `default`. */
  readonly tenantId?: string | undefined;
  /** Which events; all of the tenant where it is left out. */
  readonly filter?: SubscriptionFilter | undefined;
  /** Where it begins: `beginning` (the default), `now`, the first position wanted, or a time. */
  readonly from?:
    'beginning' | 'now' | number | { readonly timestamp: number | string } | undefined;
  /** Events that a member may hold without having acknowledged them, 1-10 000; default 1 000. */
  readonly maxInFlight?: number | undefined;
  /** An event that is not acknowledged for so long is delivered again, 100-3 600 000; default 30 000. */
  readonly ackTimeoutMs?: number | undefined;
  /** Deliveries before an event becomes a dead letter, 1-1 000; default 5. */
  readonly maxAttempts?: number | undefined;
}

/** A consumer as it is kept in the log. */
export interface ConsumerDefinition {
  /** Tells it from one of the same name that was deleted. */
  readonly key: string;
  readonly name: string;
  readonly tenantId: string;
  readonly filter: SubscriptionFilter;
  /** The position behind which it began. */
  readonly start: number;
  readonly maxInFlight: number;
  readonly ackTimeoutMs: number;
  readonly maxAttempts: number;
}

interface Range {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

/** Also what the HTTP API takes, in seconds where it says seconds. */
export const consumerLimits = {
  maxInFlight: { min: 1, max: 10_000, default: 1_000 },
  ackTimeoutMs: { min: 100, max: 3_600_000, default: 30_000 },
  maxAttempts: { min: 1, max: 1_000, default: 5 },
} as const satisfies Record<string, Range>;

export const consumerNamePattern = '^[A-Za-z0-9._-]{1,128}$';

const optionNames: Readonly<Record<keyof ConsumerOptions, true>> = {
  name: true,
  tenantId: true,
  filter: true,
  from: true,
  maxInFlight: true,
  ackTimeoutMs: true,
  maxAttempts: true,
};

/** The definition but for where it begins; throws `validation_error`, `invalid_query`. */
export function definitionOf(
  options: ConsumerOptions,
  key: string,
): Omit<ConsumerDefinition, 'start'> {
  for (const name in options) if (!(name in optionNames)) throw unknownOption(name);
  const { name, tenantId = 'default' } = options;
  const filter = options.filter ?? {};
  if (typeof name !== 'string' || !new RegExp(consumerNamePattern).test(name)) {
    throw invalidOption('name', "expected 1-128 letters, digits, '.', '_' and '-'");
  }
  return {
    key,
    name,
    tenantId: tenantOf(tenantId),
    filter: definedOnly(filter),
    maxInFlight: numberOf('maxInFlight', options.maxInFlight),
    ackTimeoutMs: numberOf('ackTimeoutMs', options.ackTimeoutMs),
    maxAttempts: numberOf('maxAttempts', options.maxAttempts),
  };
}

/** The names of options in which two definitions differ. */
export function differences(
  a: Omit<ConsumerDefinition, 'start'>,
  b: Omit<ConsumerDefinition, 'start'>,
): string[] {
  const names = ['filter', 'maxInFlight', 'ackTimeoutMs', 'maxAttempts'] as const;
  return names.filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]));
}

export function toPayload(definition: ConsumerDefinition): JsonObject {
  const { filter, ...rest } = definition;
  // A filter has texts and arrays of texts only.
  return { ...rest, filter: filter as unknown as JsonObject };
}

export function fromPayload(payload: unknown): ConsumerDefinition {
  // Only toPayload writes these events.
  const { filter, ...rest } = payload as ConsumerDefinition;
  return { ...rest, filter: definedOnly(filter) };
}

/** In one order and without what is not asked for, so that filters can be compared. */
function definedOnly({
  entityId,
  eventType,
  eventTypePrefix,
  tags,
  match,
  ...rest
}: SubscriptionFilter): SubscriptionFilter {
  return {
    ...(entityId !== undefined && { entityId }),
    ...(eventType !== undefined && { eventType }),
    ...(eventTypePrefix !== undefined && { eventTypePrefix }),
    // What is no array is refused by whoever reads with it.
    ...(tags !== undefined &&
      tags.length > 0 && { tags: Array.isArray(tags) ? [...(tags as readonly string[])] : tags }),
    ...(match !== undefined && { match }),
    ...rest,
  };
}

function numberOf(name: keyof typeof consumerLimits, value: number | undefined): number {
  return optionNumber(name, value, consumerLimits[name]);
}

/** A whole number in a range; throws `validation_error`. */
export function optionNumber(name: string, value: number | undefined, range: Range): number {
  const { min, max, default: usual } = range;
  if (value === undefined) return usual;
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalidOption(name, `expected a whole number from ${min} to ${max}, got ${String(value)}`);
}

function unknownOption(name: string): AllSourceError {
  return invalidOption(
    name,
    `not an option of a consumer; they are ${Object.keys(optionNames).join(', ')}`,
  );
}

export function invalidOption(field: string, reason: string): AllSourceError {
  return new AllSourceError('validation_error', `${field}: ${reason}`, {
    details: [{ field, reason }],
  });
}

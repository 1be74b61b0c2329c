import { fieldError, retentionRanges } from '../domain/index.js';
import type { RetentionPolicy, RetentionPolicyOptions } from './types.js';

export const policiesMax = 1_000;
const namePattern = /^[A-Za-z0-9_-]{1,64}$/;
const tenantPattern = /^[A-Za-z0-9_-]{1,64}$/;
const typePattern = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;
const typeBytesMax = 128;
const optionNames = new Set<string>([
  'name',
  'tenantId',
  'eventType',
  'keepDays',
  'keepEvents',
  'keepBytes',
]);

/** Throws `validation_error`. */
export function checkedPolicy(options: RetentionPolicyOptions, updatedAt: number): RetentionPolicy {
  const unknown = Object.keys(options).find((field) => !optionNames.has(field));
  if (unknown !== undefined)
    throw fieldError('validation_error', unknown, 'not a field of a policy');
  const { name, tenantId, eventType } = options;
  if (typeof name !== 'string' || !namePattern.test(name)) {
    throw fieldError('validation_error', 'name', 'expected 1-64 letters, digits, - or _');
  }
  if (tenantId !== undefined && !tenantPattern.test(tenantId)) {
    throw fieldError('validation_error', 'tenant_id', 'expected 1-64 letters, digits, - or _');
  }
  if (eventType !== undefined && !isType(eventType)) {
    throw fieldError(
      'validation_error',
      'event_type',
      'expected an event type, such as order.placed',
    );
  }
  const limits = {
    keepDays: limitOf(options, 'keepDays'),
    keepEvents: limitOf(options, 'keepEvents'),
    keepBytes: limitOf(options, 'keepBytes'),
  };
  if (Object.values(limits).every((limit) => limit === null)) {
    throw fieldError(
      'validation_error',
      'keep_days',
      'expected keep_days, keep_events or keep_bytes',
    );
  }
  return { name, tenantId: tenantId ?? null, eventType: eventType ?? null, ...limits, updatedAt };
}

function isType(text: string): boolean {
  return typeof text === 'string' && text.length <= typeBytesMax && typePattern.test(text);
}

const wireNames = { keepDays: 'keep_days', keepEvents: 'keep_events', keepBytes: 'keep_bytes' };

function limitOf(options: RetentionPolicyOptions, name: keyof typeof wireNames): number | null {
  const value = options[name];
  if (value === undefined) return null;
  const { min, max } = retentionRanges[name];
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw fieldError(
    'validation_error',
    wireNames[name],
    `expected a whole number from ${min} to ${max}, got ${value}`,
  );
}

interface Target {
  readonly tenantId: string | null;
  readonly eventType: string | null;
}

/** Finds the policy that says most about events of a tenant and a type. */
export function policyFinder(
  policies: readonly RetentionPolicy[],
): (group: {
  readonly tenantId: string;
  readonly eventType: string;
}) => RetentionPolicy | undefined {
  const keyOf = ({ tenantId, eventType }: Target): string => `${tenantId ?? ''} ${eventType ?? ''}`;
  const byTarget = new Map<string, RetentionPolicy>();
  for (const policy of policies) {
    const other = byTarget.get(keyOf(policy));
    if (other === undefined || policy.name < other.name) byTarget.set(keyOf(policy), policy);
  }
  return ({ tenantId, eventType }) =>
    byTarget.get(keyOf({ tenantId, eventType })) ??
    byTarget.get(keyOf({ tenantId, eventType: null })) ??
    byTarget.get(keyOf({ tenantId: null, eventType })) ??
    byTarget.get(keyOf({ tenantId: null, eventType: null }));
}

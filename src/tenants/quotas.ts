import { fieldError, quotaNames } from '../domain/index.js';
import type { QuotaPreset, Quotas } from './types.js';

const gibibyte = 1024 ** 3;

export const quotaPresets: Readonly<Record<QuotaPreset, Quotas>> = {
  standard: {
    maxEventsPerDay: 1_000_000,
    maxStorageBytes: 10 * gibibyte,
    maxQueriesPerHour: 100_000,
    maxApiKeys: 10,
    maxProjections: 50,
    maxPipelines: 20,
    requestsPerMinute: 600,
    requestBurst: 1_000,
  },
  free: {
    maxEventsPerDay: 10_000,
    maxStorageBytes: gibibyte,
    maxQueriesPerHour: 1_000,
    maxApiKeys: 2,
    maxProjections: 5,
    maxPipelines: 2,
    requestsPerMinute: 60,
    requestBurst: 100,
  },
  professional: {
    maxEventsPerDay: 1_000_000,
    maxStorageBytes: 100 * gibibyte,
    maxQueriesPerHour: 100_000,
    maxApiKeys: 25,
    maxProjections: 100,
    maxPipelines: 50,
    requestsPerMinute: 600,
    requestBurst: 1_000,
  },
  unlimited: {
    maxEventsPerDay: 0,
    maxStorageBytes: 0,
    maxQueriesPerHour: 0,
    maxApiKeys: 0,
    maxProjections: 0,
    maxPipelines: 0,
    requestsPerMinute: 0,
    requestBurst: 0,
  },
};

/** Other quotas in the place of some; throws `validation_error`. */
export function changedQuotas(usual: Quotas, changes: Partial<Quotas>): Quotas {
  const changed: Quotas = { ...usual, ...checkedChanges(changes) };
  if (changed.requestsPerMinute > 0 && changed.requestBurst === 0) {
    throw fieldError(
      'validation_error',
      quotaNames.requestBurst,
      'expected at least 1 where requests_per_minute is not 0',
    );
  }
  return changed;
}

function checkedChanges(changes: Partial<Quotas>): Partial<Quotas> {
  const checked = Object.entries(changes).filter(([, value]) => value !== undefined);
  for (const [name, value] of checked) {
    if (!isQuota(name)) throw fieldError('validation_error', name, 'not a quota');
    const wireName = quotaNames[name];
    if (!Number.isSafeInteger(value) || value < 0) {
      const expected = `expected a whole number from 0 (no bound) to ${Number.MAX_SAFE_INTEGER}`;
      throw fieldError('validation_error', wireName, `${expected}, got ${String(value)}`);
    }
  }
  return Object.fromEntries(checked);
}

function isQuota(name: string): name is keyof Quotas {
  return Object.hasOwn(quotaNames, name);
}

export function isPreset(name: string): name is QuotaPreset {
  return Object.hasOwn(quotaPresets, name);
}

import { AllSourceError, retentionRanges } from '../domain/index.js';
import type { RetentionSchedule } from '../eventStore/index.js';

export type CheckedSchedule = Required<{
  [K in keyof RetentionSchedule]: NonNullable<RetentionSchedule[K]>;
}>;

const names = new Set<string>(['automatic', 'intervalSeconds']);

/** Throws `invalid_configuration`. */
export function checkedSchedule(schedule: RetentionSchedule): CheckedSchedule {
  const unknown = Object.keys(schedule).find((name) => !names.has(name));
  if (unknown !== undefined) throw invalid(unknown, 'not an option of retention');
  const { min, max, default: preset } = retentionRanges.intervalSeconds;
  const { automatic = true, intervalSeconds = preset } = schedule;
  if (typeof automatic !== 'boolean') throw invalid('automatic', 'expected true or false');
  if (Number.isSafeInteger(intervalSeconds) && intervalSeconds >= min && intervalSeconds <= max) {
    return { automatic, intervalSeconds };
  }
  const expected = `expected a whole number from ${min} to ${max}, got ${intervalSeconds}`;
  throw invalid('intervalSeconds', expected);
}

function invalid(name: string, reason: string): AllSourceError {
  return new AllSourceError('invalid_configuration', `retention.${name}: ${reason}`);
}

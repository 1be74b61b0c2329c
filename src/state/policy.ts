import { AllSourceError, snapshotRanges as ranges } from '../domain/index.js';
import type { SnapshotPolicy } from '../eventStore/index.js';

const names: ReadonlySet<string> = new Set(['automatic', ...Object.keys(ranges)]);

/** A policy with its defaults; throws `invalid_configuration`. */
export function checkedPolicy(policy: SnapshotPolicy): Required<{
  [Name in keyof SnapshotPolicy]: NonNullable<SnapshotPolicy[Name]>;
}> {
  if (!isObject(policy)) {
    throw new AllSourceError('invalid_configuration', 'snapshots: expected an object');
  }
  const unknown = Object.keys(policy).find((name) => !names.has(name));
  if (unknown !== undefined) {
    throw invalid(unknown, `not known; a policy has ${[...names].join(', ')}`);
  }
  const { automatic = true } = policy;
  if (typeof automatic !== 'boolean') throw invalid('automatic', 'expected true or false');
  return {
    automatic,
    eventThreshold: numberOf(policy, 'eventThreshold'),
    timeThresholdSeconds: numberOf(policy, 'timeThresholdSeconds'),
    perEntityMax: numberOf(policy, 'perEntityMax'),
  };
}

/** Callers without types give what they like. */
function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function numberOf(policy: SnapshotPolicy, name: keyof typeof ranges): number {
  const { min, max, default: usual } = ranges[name];
  const value = policy[name] ?? usual;
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw invalid(name, `expected a whole number from ${min} to ${max}, got ${String(value)}`);
}

function invalid(name: string, reason: string): AllSourceError {
  return new AllSourceError('invalid_configuration', `snapshots.${name}: ${reason}`);
}

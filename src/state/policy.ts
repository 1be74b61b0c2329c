import { AllSourceError, PolicyReader, snapshotRanges as ranges } from '../domain/index.js';
import type { SnapshotPolicy } from '../eventStore/index.js';

const names = ['automatic', ...Object.keys(ranges)];

/** A policy with its defaults; throws `invalid_configuration`. */
export function checkedPolicy(policy: SnapshotPolicy): Required<{
  [Name in keyof SnapshotPolicy]: NonNullable<SnapshotPolicy[Name]>;
}> {
  if (!isObject(policy)) {
    throw new AllSourceError('invalid_configuration', 'snapshots: expected an object');
  }
  const reader = new PolicyReader('snapshots', policy);
  reader.mustHaveOnly(names, `not known; a policy has ${names.join(', ')}`);
  return {
    automatic: reader.isOn('automatic', true),
    eventThreshold: reader.wholeNumber('eventThreshold', ranges.eventThreshold),
    timeThresholdSeconds: reader.wholeNumber('timeThresholdSeconds', ranges.timeThresholdSeconds),
    perEntityMax: reader.wholeNumber('perEntityMax', ranges.perEntityMax),
  };
}

/** Callers without types give what they like. */
function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

import { PolicyReader, retentionRanges } from '../domain/index.js';
import type { RetentionSchedule } from '../eventStore/index.js';

export interface CheckedSchedule {
  readonly automatic: boolean;
  readonly intervalSeconds: number;
}

/** Throws `invalid_configuration`. */
export function checkedSchedule(schedule: RetentionSchedule): CheckedSchedule {
  const reader = new PolicyReader('retention', schedule);
  reader.mustHaveOnly(['automatic', 'intervalSeconds']);
  return {
    automatic: reader.isOn('automatic', true),
    intervalSeconds: reader.wholeNumber('intervalSeconds', retentionRanges.intervalSeconds),
  };
}

import type { JsonValue } from '../domain/index.js';
import type { PayloadGate, PayloadRefusal } from '../eventStore/index.js';
import { appendStepsMax, compileSchema } from '../schemas/index.js';
import type { SchemaViolation, StepAllowance, Validator } from '../schemas/index.js';
import type { VersionRecord } from './records.js';
import type { Subject } from './subject.js';

/** Compiled versions that are not the newest of their subject. */
const othersMax = 100;

export interface VersionOf {
  readonly subject: Subject;
  readonly record: VersionRecord;
}

interface Compiled {
  readonly record: VersionRecord;
  readonly validator: Validator;
}

/** Checks payloads against the newest schema of their subject, each compiled once. */
export class Enforcement implements PayloadGate {
  readonly #byNumber = new Map<number, Subject>();
  /** Of the append under way. */
  #allowance: StepAllowance = { left: appendStepsMax };
  /** Of the newest version of each subject. */
  readonly #newest = new WeakMap<Subject, Compiled>();
  /** Of other versions, the one that was used last at the end. */
  readonly #others = new Map<VersionRecord, Validator>();

  /** What is asked about from now on by the number of the subject. */
  add(subject: Subject): void {
    this.#byNumber.set(subject.number, subject);
  }

  begin(): void {
    this.#allowance = { left: appendStepsMax };
  }

  check(number: number, payload: unknown): number | PayloadRefusal {
    const subject = this.#byNumber.get(number);
    const latest = subject?.latest;
    // It was taken away meanwhile.
    if (subject === undefined || latest === undefined) return 0;
    if (subject.settings.enforcement === 'off') return 0;
    // The engine gives what it parsed as JSON.
    const value = payload as JsonValue;
    const violations = this.violationsOf(value, { subject, record: latest }, this.#allowance);
    if (violations.length === 0) return latest.version;
    if (subject.settings.enforcement !== 'enforce') {
      subject.violations.warned += 1;
      return 0;
    }
    subject.violations.refused += 1;
    return { subject: latest.subject, version: latest.version, violations };
  }

  /** What a payload breaks of a version; empty where it is valid. */
  violationsOf(
    payload: JsonValue,
    version: VersionOf,
    allowance?: StepAllowance,
  ): readonly SchemaViolation[] {
    try {
      return this.#validatorOf(version).validate(payload, allowance);
    } catch {
      // It compiled when it was registered; nothing is taken in unchecked.
      const message = "its schema can't be used: it does not compile; register another version";
      return [{ pointer: '', rule: 'schema', message }];
    }
  }

  #validatorOf({ subject, record }: VersionOf): Validator {
    if (record !== subject.latest) return this.#otherOf(record);
    const known = this.#newest.get(subject);
    if (known?.record === record) return known.validator;
    const validator = compileSchema(record.schema);
    this.#newest.set(subject, { record, validator });
    return validator;
  }

  #otherOf(record: VersionRecord): Validator {
    const validator = this.#others.get(record) ?? compileSchema(record.schema);
    this.#others.delete(record);
    this.#others.set(record, validator);
    for (const oldest of this.#others.keys()) {
      if (this.#others.size <= othersMax) break;
      this.#others.delete(oldest);
    }
    return validator;
  }
}

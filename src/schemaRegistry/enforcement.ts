import type { JsonValue } from '../domain/index.js';
import type { PayloadGate, PayloadRefusal } from '../eventStore/index.js';
import { appendStepsMax, compileSchema } from '../schemas/index.js';
import type { JsonSchema, SchemaViolation, StepAllowance, Validator } from '../schemas/index.js';
import type { Subject } from './subject.js';

/** Checks payloads against the newest schema of their subject, each compiled once. */
export class Enforcement implements PayloadGate {
  readonly #byNumber = new Map<number, Subject>();
  /** Of the append under way. */
  #allowance: StepAllowance = { left: appendStepsMax };
  readonly #validators = new WeakMap<object, Validator>();

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
    const violations = this.violationsOf(latest, payload as JsonValue, this.#allowance);
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
    record: { readonly schema: JsonSchema },
    payload: JsonValue,
    allowance?: StepAllowance,
  ): readonly SchemaViolation[] {
    try {
      return this.#validatorOf(record).validate(payload, allowance);
    } catch {
      // It compiled when it was registered; nothing is taken in unchecked.
      const message = "its schema can't be used: it does not compile; register another version";
      return [{ pointer: '', rule: 'schema', message }];
    }
  }

  #validatorOf(record: { readonly schema: JsonSchema }): Validator {
    const known = this.#validators.get(record);
    if (known !== undefined) return known;
    const validator = compileSchema(record.schema);
    this.#validators.set(record, validator);
    return validator;
  }
}

import { AllSourceError } from '../errors.js';

interface WholeNumbers {
  readonly min: number;
  readonly max: number;
  /** Where nothing is said. */
  readonly default: number;
}

/** Reads the options of one part of a store; throws `invalid_configuration`, which names part and option. */
export class PolicyReader<P extends object> {
  readonly #part: string;
  readonly #policy: P;

  constructor(part: string, policy: P) {
    this.#part = part;
    this.#policy = policy;
  }

  mustHaveOnly(names: readonly string[], reason: string = `not an option of ${this.#part}`): void {
    const unknown = Object.keys(this.#policy).find((name) => !names.includes(name));
    if (unknown !== undefined) throw this.invalid(unknown, reason);
  }

  isOn(name: keyof P & string, usual: boolean): boolean {
    // Callers without types give what they like.
    const given: unknown = this.#policy[name];
    const value = given === undefined ? usual : given;
    if (typeof value !== 'boolean') throw this.invalid(name, 'expected true or false');
    return value;
  }

  wholeNumber(name: keyof P & string, { min, max, default: usual }: WholeNumbers): number {
    const value: unknown = this.#policy[name] ?? usual;
    if (Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max) {
      return Number(value);
    }
    const expected = `expected a whole number from ${min} to ${max}`;
    throw this.invalid(name, `${expected}, got ${String(value)}`);
  }

  invalid(name: string, reason: string): AllSourceError {
    return new AllSourceError('invalid_configuration', `${this.#part}.${name}: ${reason}`);
  }
}
